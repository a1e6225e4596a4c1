import { once } from 'node:events';
import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { drain, serve } from 'accept-loop';
import type { FastifyInstance } from 'fastify';
import { echo, workTime } from './echo.ts';
import type { Way } from './stoppable.ts';

/** How often the idle connections are closed where that has to be repeated, in ms. */
const AGAIN = 10;

/** The ways to stop an HTTP server that are compared, each used as its own documentation says. */
export const ways = {
  async close() {
    const server = createServer(echo);
    return { server, stop: () => once(server.close(), 'close') };
  },

  async closeIdle() {
    const server = createServer(echo);
    async function stop(): Promise<void> {
      const timer = setInterval(() => server.closeIdleConnections(), AGAIN);
      await once(server.close(), 'close');
      clearInterval(timer);
    }
    return { server, stop };
  },

  async httpTerminator() {
    const { createHttpTerminator } = await import('http-terminator');
    const server = createServer(echo);
    const { terminate } = createHttpTerminator({ server });
    return { server, stop: terminate };
  },

  async stoppable() {
    const { default: stoppable } = await import('stoppable');
    const server = stoppable(createServer(echo));
    return { server, stop: () => new Promise((resolve) => server.stop(resolve)) };
  },

  async httpGracefulShutdown() {
    const { default: gracefulShutdown } = await import('http-graceful-shutdown');
    const server = createServer(echo);
    return { server, stop: gracefulShutdown(server, { forceExit: false }) };
  },

  async fastify() {
    const app = await createApp();
    return { server: app.server, listen: (where) => app.listen(where), stop: () => app.close() };
  },

  async drain(signal) {
    const server = createServer(echo);
    const drained = drain(server, { signal });
    return { server, stop: () => drained };
  },

  async drainFastify(signal) {
    const app = await createApp();
    const drained = drain(app.server, { signal });
    async function stop(): Promise<void> {
      await drained;
      await app.close();
    }
    return { server: app.server, listen: (where) => app.listen(where), stop };
  },

  /** Its answers say what those of its upstream say: `Connection: keep-alive`. */
  async drainProxy(signal) {
    const { default: httpProxy } = await import('http-proxy');
    const upstream = await createUpstream();
    const { port } = upstream.address() as AddressInfo;
    const agent = new Agent({ keepAlive: true });
    const proxy = httpProxy.createProxyServer({ target: { host: '127.0.0.1', port }, agent });
    const server = createServer((request, response) => proxy.web(request, response));
    const drained = drain(server, { signal });
    async function stop(): Promise<void> {
      await drained;
      agent.destroy();
      upstream.close();
    }
    return { server, stop };
  },

  async serve(signal) {
    const server = createServer();
    const { finished } = serve(server, ([request, response]) => echo(request, response), signal);
    return { server, stop: () => finished };
  },
} as const satisfies Record<string, Way>;

async function createApp(): Promise<FastifyInstance> {
  const { fastify } = await import('fastify');
  const app = fastify();
  app.post('/', async ({ body }) => {
    await setTimeout(workTime());
    return body;
  });
  return app;
}

/** A server of this process alone, also of a cluster's worker. */
async function createUpstream(): Promise<Server> {
  const upstream = createServer(echo).listen({ port: 0, host: '127.0.0.1', exclusive: true });
  await once(upstream, 'listening');
  return upstream;
}
