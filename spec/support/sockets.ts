import { once } from 'node:events';
import { connect as connectSocket, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectSecure, type TLSSocket } from 'node:tls';
import { certificate } from './certificate.ts';
import { until } from './turns.ts';

/** Tells a server to listen on a Unix socket, or on a free port of the loopback interface. */
export async function listening<AnyServer extends Server>(
  server: AnyServer,
  path?: string,
): Promise<AnyServer> {
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  return server;
}

/** @param server - Or a `WebSocketServer`. */
export function portOf(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port;
}

/** Closes a server, and waits until the last of its connections has closed. */
export async function closeServer(server: { close(callback: () => void): unknown }): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** How a client's connection ended. */
export interface Ending {
  /** What it received. */
  readonly text: string;
  /** `end` when the server said so, `ECONNRESET` or another code when it did not. */
  readonly by: string;
}

export interface Client {
  readonly socket: Socket;
  readonly ending: Promise<Ending>;
}

export interface ConnectOptions {
  /** A client that does not end its side when the server does. */
  readonly allowHalfOpen?: boolean;
}

/** A client that is connected, as far as the kernel goes, or reset already; it reads to the end. */
export async function connect(
  to: Server | number | string,
  options: ConnectOptions = {},
): Promise<Client> {
  const socket = connectSocket({ ...placeOf(to), ...options });
  const ending = follow(socket);
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), ending]);
  return { socket, ending };
}

function placeOf(to: Server | number | string): { path: string } | { port: number; host: string } {
  if (typeof to === 'string') return { path: to };
  return { port: typeof to === 'number' ? to : portOf(to), host: '127.0.0.1' };
}

/** A client that the server has accepted. */
export async function connectAccepted(server: Server): Promise<Client> {
  const [, client] = await Promise.all([once(server, 'connection'), connect(server)]);
  return client;
}

/** Connects, says nothing, and reads to the end. */
export async function readToEnd(to: Server | number | string): Promise<Ending> {
  const { ending } = await connect(to);
  return ending;
}

export interface SecureClient extends Client {
  readonly socket: TLSSocket;
}

/** A client of TLS whose handshake is under way, and that does not read yet. */
export function tlsSocket(to: Server | number | string): TLSSocket {
  return connectSecure({ ...placeOf(to), ca: certificate.cert, servername: 'localhost' });
}

/** A client of TLS that has finished its handshake; it reads to the end. */
export async function connectTls(to: Server | number | string): Promise<SecureClient> {
  return shakeHands(tlsSocket(to));
}

/** Has a client that has said nothing so far go on over TLS. */
export async function goOnWithTls(plain: Socket): Promise<SecureClient> {
  plain.removeAllListeners('data');
  return shakeHands(
    connectSecure({ socket: plain, ca: certificate.cert, servername: 'localhost' }),
  );
}

async function shakeHands(socket: TLSSocket): Promise<SecureClient> {
  const ending = follow(socket);
  await once(socket, 'secureConnect');
  return { socket, ending };
}

/** Reads a socket to its end, whichever it is. Never rejects. */
export async function follow(socket: Socket): Promise<Ending> {
  let text = '';
  let by = 'close';
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('end', () => (by = 'end'));
  socket.on('error', (error: NodeJS.ErrnoException) => (by = error.code ?? error.message));
  await new Promise((resolve) => socket.on('close', resolve));
  return { text, by };
}

/** A handler that answers with what it reads. */
export async function echo(socket: Socket): Promise<void> {
  for await (const chunk of socket) socket.write(chunk as Buffer);
}

/** Waits until a server has closed its listener. */
export const refuses = (server: Server): Promise<void> => until(() => !server.listening);

/** Waits until a connect is refused, and says so. */
export async function refused(port: number): Promise<string> {
  const socket = connectSocket({ port, host: '127.0.0.1' });
  const { by } = await follow(socket);
  return by;
}
