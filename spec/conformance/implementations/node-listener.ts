import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { certificate } from '../../support/certificate.ts';
import { type Client, connect, type ConnectOptions } from '../../support/sockets.ts';
import { until } from '../../support/turns.ts';
import type { Running, StartOptions } from '../implementation.ts';

/** @param options - `allowHalfOpen`: as the implementation's documentation wants it. */
export function createNodeServer(
  { protocol = 'tcp', headersTimeout, handshakeTimeout }: StartOptions,
  { allowHalfOpen = false } = {},
): Server {
  if (protocol === 'tls') {
    return createTlsServer({ ...certificate, ...(handshakeTimeout && { handshakeTimeout }) });
  }
  if (protocol === 'tcp') return createServer({ allowHalfOpen });
  return createHttpServer({ ...(headersTimeout && { headersTimeout }) });
}

/** The event that brings what is served. */
export function eventOf({ protocol = 'tcp' }: StartOptions): string {
  return { tcp: 'connection', http: 'request', tls: 'secureConnection' }[protocol];
}

export function whereOf({
  port = 0,
  path,
}: StartOptions): { port: number; host: string } | { path: string } {
  return path === undefined ? { port, host: '127.0.0.1' } : { path };
}

/** Listens, or does not because its signal has aborted; rejects with what else keeps it from it. */
export async function bind(server: Server, options: StartOptions): Promise<void> {
  const { signal } = options;
  server.listen({ ...whereOf(options), ...(signal && { signal }) });
  if (!signal?.aborted) await once(server, 'listening');
}

/** What all implementations over a server of Node have in common. */
export class NodeListener {
  readonly server: Server;
  readonly errors: unknown[] = [];
  readonly #path: string | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Set<Client>();
  #accepted = 0;
  #closes = 0;

  constructor(server: Server, { path }: StartOptions) {
    this.server = server;
    this.#path = path;
    server.on('close', () => (this.#closes += 1));
    server.on('connection', (socket: Socket) => {
      this.#accepted += 1;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** What is asked of each of them alike. The server listens, or will not. */
  running(): Omit<Running, 'stop'> {
    const { server, errors } = this;
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    return {
      port,
      connect: (options) => this.#connect(port, options),
      close: () => void server.close(),
      listening: () => server.listening,
      arrived: (count) => until(() => this.#accepted >= count),
      onAccept: (callback) => void server.prependOnceListener('connection', callback),
      emitError: (error) => void server.emit('error', error),
      stats: () => ({ closes: this.#closes, errors, counts: {} }),
      clear: () => this.#clear(),
    };
  }

  async #connect(port: number, options?: ConnectOptions): Promise<Client> {
    const client = await connect(this.#path ?? port, options);
    this.#clients.add(client);
    return client;
  }

  async #clear(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const { socket } of this.#clients) socket.destroy();
    if (this.server.listening) this.server.close();
    await Promise.all(Array.from(this.#clients, ({ ending }) => ending));
    await until(() => this.#sockets.size === 0);
  }
}
