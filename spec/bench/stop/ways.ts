import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import { acceptLoop, drain, serve, type ServeContext } from 'accept-loop';
import { WebSocketServer } from 'ws';
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

/** Ends at the abort of `draining`, and not before. */
function waitForDraining(socket: Socket, { draining }: ServeContext): Promise<void> {
  draining.addEventListener('abort', () => socket.destroy());
  return wait(socket);
}

const waitForClose = (socket: Socket): Promise<unknown> => once(socket, 'close');

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

/** Greets each WebSocket client. The clients answer a close frame. */
function greetingWebSockets(): { server: Server; clients: WebSocketServer } {
  const server = httpServer();
  const clients = new WebSocketServer({ server });
  clients.on('connection', (client) => client.send(SERVED));
  return { server, clients };
}

function drainWebSockets(options: { idle?: number; grace?: number }): Stoppable {
  const { server, clients } = greetingWebSockets();
  return aborting(server, (signal) => drain(clients, { ...options, signal }));
}

/** A server whose connections are greeted, and are taken by no code. */
function queueing(): TcpServer {
  return createServer((socket) => void socket.write(SERVED));
}

/** No connection is refused before the stop. */
const MAX_QUEUED = 1_000_000;

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
  'tcp serve draining': () => {
    const server = createServer();
    return aborting(server, (signal) => serve(server, waitForDraining, { signal }).finished);
  },
  'http destroy': () => {
    const server = httpServer(answer);
    return destroying(server, () => server.closeAllConnections());
  },
  'http serve grace': () => serveHttp({ grace: 0 }),
  'http drain grace': () => drainHttp({ grace: 0 }),
  'http serve idle': () => serveHttp({ idle: 0 }),
  'http drain idle': () => drainHttp({ idle: 0 }),
  'ws destroy': () => {
    const { server, clients } = greetingWebSockets();
    return destroying(server, () => {
      clients.close();
      for (const client of clients.clients) {
        client.close(1001);
        client.terminate();
      }
    });
  },
  'ws drain grace': () => drainWebSockets({ grace: 0 }),
  'ws close': () => {
    const { server, clients } = greetingWebSockets();
    return destroying(server, () => {
      clients.close();
      for (const client of clients.clients) client.close(1001);
    });
  },
  'ws drain idle': () => drainWebSockets({ idle: 0 }),
  'queued destroy': () => {
    const server = queueing();
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    return destroying(server, () => {
      for (const socket of sockets) socket.resetAndDestroy();
    });
  },
  'queued serve grace': () => {
    const server = queueing();
    const options = { concurrency: 1, maxQueued: MAX_QUEUED, grace: 0 };
    return aborting(
      server,
      (signal) => serve(server, waitForClose, { ...options, signal }).finished,
    );
  },
  'queued loop left': () => {
    const server = queueing();
    const loop = acceptLoop(server, { maxQueued: MAX_QUEUED });
    return {
      server,
      async stop() {
        await loop.return();
        return undefined;
      },
    };
  },
};
