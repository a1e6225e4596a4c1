import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import { drain, serve } from 'accept-loop';
import type { WayName } from './way-names.ts';

/** A server with its handlers, and how it is stopped. */
export interface Stoppable {
  readonly server: TcpServer;
  /** @returns How many had to be ended by force, as far as it tells. */
  readonly stop: () => Promise<number | undefined>;
}

/** The end of what each client is sent: spec/clients/idle.ts waits for it. */
const SERVED = 'served\n';

/** More than a round takes: Node itself must not end an idle connection. */
const KEEP_ALIVE_MS = 600_000;

/** Greets, and waits for what the client may send until the connection ends. */
async function wait(socket: Socket): Promise<void> {
  socket.write(SERVED);
  for await (const chunk of socket) socket.write(chunk as Buffer);
}

const answer: RequestListener = (_request, response) => void response.end(SERVED);

/** How a server of one's own has its handlers: an error is that of a connection. */
function waitBare(socket: Socket): void {
  wait(socket).catch(() => {});
}

function httpServer(listener?: RequestListener): Server {
  const server = listener ? createHttpServer(listener) : createHttpServer();
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

/** A stop by hand. */
function destroying(server: TcpServer, destroyAll: () => Promise<unknown> | void): Stoppable {
  return {
    server,
    async stop() {
      server.close();
      await destroyAll();
      return undefined;
    },
  };
}

/** A stop by the package: from the abort to the report. */
function aborting(
  server: TcpServer,
  begin: (signal: AbortSignal) => Promise<{ readonly forced: number }>,
): Stoppable {
  const controller = new AbortController();
  const finished = begin(controller.signal);
  return {
    server,
    async stop() {
      controller.abort();
      const { forced } = await finished;
      return forced;
    },
  };
}

function serveHttp(options: { idle?: number; grace?: number }): Stoppable {
  const server = httpServer();
  return aborting(
    server,
    (signal) =>
      serve(server, ([, response]) => response.end(SERVED), { ...options, signal }).finished,
  );
}

function drainHttp(options: { idle?: number; grace?: number }): Stoppable {
  const server = httpServer(answer);
  return aborting(server, (signal) => drain(server, { ...options, signal }));
}

export const ways: Readonly<Record<WayName, () => Stoppable>> = {
  'tcp destroy': () => {
    const tasks = new Map<Socket, Promise<void>>();
    const server = createServer((socket) => {
      const forget = (): void => void tasks.delete(socket);
      tasks.set(socket, wait(socket).then(forget, forget));
    });
    return destroying(server, () => {
      for (const socket of tasks.keys()) socket.destroy();
      return Promise.all(tasks.values());
    });
  },
  'tcp serve grace': () => {
    const server = createServer();
    return aborting(server, (signal) => serve(server, wait, { signal, grace: 0 }).finished);
  },
  'tcp drain grace': () => {
    const server = createServer(waitBare);
    return aborting(server, (signal) => drain(server, { signal, grace: 0 }));
  },
  'http destroy': () => {
    const server = httpServer(answer);
    return destroying(server, () => server.closeAllConnections());
  },
  'http serve grace': () => serveHttp({ grace: 0 }),
  'http drain grace': () => drainHttp({ grace: 0 }),
  'http serve idle': () => serveHttp({ idle: 0 }),
  'http drain idle': () => drainHttp({ idle: 0 }),
};
