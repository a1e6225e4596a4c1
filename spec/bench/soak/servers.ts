import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { acceptLoop, drain, listen, serve } from 'accept-loop';
import { portOf } from '../../support/sockets.ts';

/** What is soaked: every way to take connections, each on a port of its own. */
export interface Soaked {
  readonly tcpPorts: readonly number[];
  readonly httpPorts: readonly number[];
  /** Connections and requests so far. */
  count(): number;
  /** Connections and requests that are open now, as the package counts them. */
  active(): number;
  /** Stops all of them. @returns How many had to be ended by force. */
  stop(): Promise<number>;
}

const where = { port: 0, host: '127.0.0.1' };

async function echo(socket: Socket): Promise<void> {
  try {
    await pipeline(socket.iterator({ destroyOnReturn: false }), socket);
  } catch {
    // The client has reset it, as one of ten does.
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await pipeline(request, response);
  } catch {
    // The client has given up.
  }
}

async function takeAll(loop: AsyncIterable<Socket>): Promise<void> {
  for await (const socket of loop) void echo(socket);
}

/** Starts them all, under the package. */
async function startOurs(): Promise<Soaked> {
  const stop = new AbortController();
  const { signal } = stop;
  const tcp = (): Promise<Server> => listen(createTcpServer({ allowHalfOpen: true }), where);
  const [served, looped] = [await tcp(), await tcp()];
  const [servedHttp, drained] = [await listen(createServer(), where), await drainedServer()];
  const serving = serve(served, echo, { signal, concurrency: 1000 });
  const loop = acceptLoop(looped, signal);
  const taken = takeAll(loop);
  const servingHttp = serve(servedHttp, ([request, response]) => answer(request, response), signal);
  const draining = drain(drained.server, signal);
  return {
    tcpPorts: [portOf(served), portOf(looped)],
    httpPorts: [portOf(servedHttp), portOf(drained.server)],
    count: () =>
      serving.stats.accepted +
      loop.stats.accepted +
      servingHttp.stats.accepted +
      drained.requests(),
    active: () => serving.stats.active + loop.stats.queued + servingHttp.stats.active,
    async stop() {
      stop.abort();
      await taken;
      const reports = await Promise.all([serving.finished, servingHttp.finished, draining]);
      return reports.reduce((sum, { forced }) => sum + forced, 0);
    },
  };
}

/** The same servers with a bare callback. They close when their clients have gone. */
async function startBare(): Promise<Soaked> {
  let count = 0;
  const tcp = (): Server =>
    createTcpServer({ allowHalfOpen: true }, (socket) => {
      count += 1;
      socket.on('error', () => {});
      void echo(socket);
    });
  const http = (): Server =>
    createServer((request, response) => {
      count += 1;
      void answer(request, response);
    });
  const servers = [tcp(), tcp(), http(), http()];
  for (const server of servers) await listen(server, where);
  const ports = servers.map(portOf);
  return {
    tcpPorts: ports.slice(0, 2),
    httpPorts: ports.slice(2),
    count: () => count,
    active: () => 0,
    async stop() {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      return 0;
    },
  };
}

export const starts: Readonly<Record<string, () => Promise<Soaked>>> = {
  ours: startOurs,
  bare: startBare,
};

async function drainedServer(): Promise<{ server: Server; requests: () => number }> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    void answer(request, response);
  });
  return { server: await listen(server, where), requests: () => requests };
}
