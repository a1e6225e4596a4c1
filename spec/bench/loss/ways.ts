import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { drain } from 'accept-loop';
import type { FastifyInstance } from 'fastify';
import { echo, workTime } from './echo.ts';

export interface Where {
  readonly port: number;
  readonly host: string;
  readonly reusePort: boolean;
}

export interface Stoppable {
  readonly listen: (where: Where) => Promise<unknown>;
  /** Called when the signal has aborted. Resolves when the last connection has ended. */
  readonly stop: () => Promise<unknown>;
}

export type Way = (signal: AbortSignal) => Promise<Stoppable>;

/** How often the idle connections are closed where that has to be repeated, in ms. */
const AGAIN = 10;

/** The ways to stop an HTTP server that are compared, each used as its own documentation says. */
export const ways = {
  async close() {
    const server = createServer(echo);
    return { listen: listenOn(server), stop: () => closed(server) };
  },

  async closeIdle() {
    const server = createServer(echo);
    async function stop(): Promise<void> {
      const timer = setInterval(() => server.closeIdleConnections(), AGAIN);
      await closed(server);
      clearInterval(timer);
    }
    return { listen: listenOn(server), stop };
  },

  async httpTerminator() {
    const { createHttpTerminator } = await import('http-terminator');
    const server = createServer(echo);
    const { terminate } = createHttpTerminator({ server });
    return { listen: listenOn(server), stop: terminate };
  },

  async stoppable() {
    const { default: stoppable } = await import('stoppable');
    const server = stoppable(createServer(echo));
    const stop = (): Promise<unknown> => new Promise((resolve) => server.stop(resolve));
    return { listen: listenOn(server), stop };
  },

  async httpGracefulShutdown() {
    const { default: gracefulShutdown } = await import('http-graceful-shutdown');
    const server = createServer(echo);
    return { listen: listenOn(server), stop: gracefulShutdown(server, { forceExit: false }) };
  },

  async fastify() {
    const app = await createApp();
    return { listen: (where) => app.listen(where), stop: () => app.close() };
  },

  async drain(signal) {
    const server = createServer(echo);
    const drained = drain(server, { signal });
    return { listen: listenOn(server), stop: () => drained };
  },

  async drainFastify(signal) {
    const app = await createApp();
    const drained = drain(app.server, { signal });
    async function stop(): Promise<void> {
      await drained;
      await app.close();
    }
    return { listen: (where) => app.listen(where), stop };
  },
} as const satisfies Record<string, Way>;

export type WayName = keyof typeof ways;

function listenOn(server: Server): Stoppable['listen'] {
  return (where) => once(server.listen(where), 'listening');
}

function closed(server: Server): Promise<unknown> {
  return once(server.close(), 'close');
}

async function createApp(): Promise<FastifyInstance> {
  const { fastify } = await import('fastify');
  const app = fastify();
  app.post('/', async ({ body }) => {
    await setTimeout(workTime());
    return body;
  });
  return app;
}
