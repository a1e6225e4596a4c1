import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { acceptLoop, drain, serve, type ServeContext } from 'accept-loop';

/** A server that holds connections in one way. */
export interface Holding {
  readonly server: Server;
  /** Connections, or requests, that have been handled so far, or wait to be. */
  came(): number;
  /** The clients have gone: ends it. */
  stop(): Promise<unknown>;
}

/** More than ever wait. */
const MAX_QUEUED = 8000;

const nothing = (): void => {};

/** One function for all connections, so that a listener costs no more than its place. */
function echo(this: Socket, chunk: Buffer): void {
  this.write(chunk);
}

/** What is done with a connection in all ways alike: a promise for its end. */
function hold(socket: Socket): Promise<void> {
  socket.on('data', echo);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function bare(): Holding {
  let came = 0;
  const server = createServer((socket) => {
    came += 1;
    socket.on('error', nothing);
    // A rejection that nobody hears would end the process.
    hold(socket).catch(nothing);
  });
  return { server, came: () => came, stop: () => close(server) };
}

function looped(): Holding {
  const server = createServer();
  const loop = acceptLoop(server);
  const taken = (async (): Promise<void> => {
    for await (const socket of loop) hold(socket).catch(nothing);
  })();
  return {
    server,
    came: () => loop.stats.yielded,
    stop: () => Promise.all([loop.return(), taken]),
  };
}

/** @param read - What a handler does with its context. */
function served(read: (context: ServeContext) => void): Holding {
  const server = createServer();
  const serving = serve(server, (socket, context) => {
    read(context);
    return hold(socket);
  });
  return { server, came: () => serving.stats.accepted, stop: () => serving.stop() };
}

function listen({ signal, draining }: ServeContext): void {
  signal.addEventListener('abort', nothing);
  draining.addEventListener('abort', nothing);
}

/** An idle connection has to stay idle, and no timer of Node's may end it. */
function createIdleServer(answer?: (request: unknown, response: ServerResponse) => void): Server {
  return createHttpServer({ keepAliveTimeout: 600_000 }, answer);
}

function bareHttp(): Holding & { server: Server } {
  let came = 0;
  const server = createIdleServer((_, response) => {
    came += 1;
    response.end('hello');
  });
  return { server, came: () => came, stop: () => close(server) };
}

function servedHttp(): Holding {
  const server = createIdleServer();
  const serving = serve(server as ReturnType<typeof createHttpServer>, ([, response]) => {
    response.end('hello');
  });
  return { server, came: () => serving.stats.completed, stop: () => serving.stop() };
}

function drainedHttp(): Holding {
  const holding = bareHttp();
  const stop = new AbortController();
  const drained = drain(holding.server, stop.signal);
  return {
    ...holding,
    stop() {
      stop.abort();
      return drained;
    },
  };
}

function bareQueued(): Holding {
  const waiting: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', nothing);
    waiting.push(socket);
  });
  return { server, came: () => waiting.length, stop: () => close(server) };
}

function loopQueued(): Holding {
  const server = createServer();
  const loop = acceptLoop(server, { maxQueued: MAX_QUEUED });
  return { server, came: () => loop.stats.accepted, stop: () => loop.return() };
}

/** All ways, by the names that `variants.ts` gives them. */
export const ways: Readonly<Record<string, () => Holding>> = {
  bare,
  loop: looped,
  serve: () => served(nothing),
  'serve-read': () => served(({ signal, draining }) => void [signal, draining]),
  'serve-listen': () => served(listen),
  'bare-http': bareHttp,
  'serve-http': servedHttp,
  'drain-http': drainedHttp,
  'bare-queued': bareQueued,
  'loop-queued': loopQueued,
};
