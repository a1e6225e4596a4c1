import { once } from 'node:events';
import { connect as connectSocket, type AddressInfo, type Server, type Socket } from 'node:net';

/** Tells a server to listen on a free port of the loopback interface. */
export async function listening<AnyServer extends Server>(server: AnyServer): Promise<AnyServer> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
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
  const where = typeof to === 'string' ? { path: to } : { port: portNumber(to), host: '127.0.0.1' };
  const socket = connectSocket({ ...where, ...options });
  const ending = follow(socket);
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), ending]);
  return { socket, ending };
}

function portNumber(to: Server | number): number {
  return typeof to === 'number' ? to : portOf(to);
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

/** Waits until a connect is refused, and says so. */
export async function refused(port: number): Promise<string> {
  const socket = connectSocket({ port, host: '127.0.0.1' });
  const { by } = await follow(socket);
  return by;
}
