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

/** @param server - A server, or a `WebSocketServer`. */
export function portOf(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port;
}

/** Closes a server, and waits until the last of its connections has closed. */
export async function closeServer(server: { close(callback: () => void): unknown }): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** How a client's connection ended. */
export interface Ending {
  /** The text that the client received. */
  readonly text: string;
  /** `end` if the server ended the connection in order, otherwise the error code, or `close`. */
  readonly by: string;
}

export interface Client {
  readonly socket: Socket;
  readonly ending: Promise<Ending>;
}

export interface ConnectOptions {
  /** Whether the client keeps its side open when the server ends its side. */
  readonly allowHalfOpen?: boolean;
}

/**
 * Opens a client that reads to the end. It resolves when the kernel has connected the client, or
 * when the connection has already ended.
 */
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

/** Opens a client, and waits until the server has accepted it. */
export async function connectAccepted(server: Server): Promise<Client> {
  const [, client] = await Promise.all([once(server, 'connection'), connect(server)]);
  return client;
}

/** Connects, writes nothing, and reads to the end. */
export async function readToEnd(to: Server | number | string): Promise<Ending> {
  const { ending } = await connect(to);
  return ending;
}

export interface SecureClient extends Client {
  readonly socket: TLSSocket;
}

/** Opens a TLS client. Its handshake is under way, and it does not read yet. */
export function tlsSocket(to: Server | number | string): TLSSocket {
  return connectSecure({ ...placeOf(to), ca: certificate.cert, servername: 'localhost' });
}

/** Opens a TLS client that reads to the end, and waits for its handshake. */
export async function connectTls(to: Server | number | string): Promise<SecureClient> {
  return shakeHands(tlsSocket(to));
}

/** Begins TLS on the socket of a client that has written nothing yet. */
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

/** Reads a socket to its end, in order or not. Never rejects. */
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

/** A handler that writes back the bytes that it reads. */
export async function echo(socket: Socket): Promise<void> {
  for await (const chunk of socket) socket.write(chunk as Buffer);
}

/** Waits until a server has closed its listener. */
export const refuses = (server: Server): Promise<void> => until(() => !server.listening);

/** Connects, waits for the end, and resolves with its code: `ECONNREFUSED` if it was refused. */
export async function refused(port: number): Promise<string> {
  const socket = connectSocket({ port, host: '127.0.0.1' });
  const { by } = await follow(socket);
  return by;
}
