import { Agent, createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import fastifyProxy from '@fastify/http-proxy';
import { server as hapi } from '@hapi/hapi';
import { serve } from '@hono/node-server';
import express from 'express';
import { fastify } from 'fastify';
import { H3, serve as serveH3 } from 'h3/node';
import { Hono } from 'hono';
import httpProxy from 'http-proxy';
import Koa from 'koa';
import { until } from './turns.ts';

/** A framework's server that listens, and echoes the body of each POST. */
export interface Framework {
  readonly server: Server;
  /** Closes the framework itself, after the drain. */
  readonly close: () => Promise<void>;
}

type Start = () => Promise<Framework>;

const host = '127.0.0.1';

async function nothing(): Promise<void> {}

async function started(server: Server): Promise<Framework> {
  await until(() => server.listening);
  return { server, close: nothing };
}

const echo: RequestListener = (request, response) => {
  void text(request).then((body) => response.end(body));
};

/** The server behind a proxy. It keeps its connections open, and its answers say so. */
async function upstream(): Promise<{ target: string; end: () => Promise<void> }> {
  const { server } = await started(createServer(echo).listen(0, host));
  const { port } = server.address() as AddressInfo;
  return {
    target: `http://${host}:${port}`,
    async end() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Each server listens in the way of its framework. */
export const frameworks: Readonly<Record<string, Start>> = {
  async 'node:http'() {
    return started(createServer(echo).listen(0, host));
  },

  /** Begins its answer while the request is still arriving. */
  async 'node:http that pipes'() {
    const server = createServer((request, response) => void request.pipe(response));
    return started(server.listen(0, host));
  },

  async Express() {
    const app = express();
    app.use(express.text());
    app.post('/', (request, response) => void response.send(request.body));
    return started(app.listen(0, host));
  },

  async Fastify() {
    const app = fastify();
    app.post('/', async ({ body }) => body);
    await app.listen({ port: 0, host });
    return { server: app.server, close: async () => app.close() };
  },

  async Koa() {
    const app = new Koa();
    app.use(async (context) => {
      context.body = await text(context.req);
    });
    return started(app.listen(0, host));
  },

  async Hono() {
    const app = new Hono();
    app.post('/', async (context) => context.text(await context.req.text()));
    return started(serve({ fetch: app.fetch, port: 0, hostname: host }) as Server);
  },

  async hapi() {
    const server = hapi({ port: 0, host });
    server.route({ method: 'POST', path: '/', handler: ({ payload }) => payload as string });
    await server.start();
    return { server: server.listener, close: async () => server.stop() };
  },

  async 'h3, on srvx'() {
    const app = new H3();
    app.post('/', async ({ req }) => req.text());
    const h3 = serveH3(app, { port: 0, hostname: host, gracefulShutdown: false, silent: true });
    await h3.ready();
    return { server: h3.node?.server as Server, close: async () => h3.close() };
  },

  /** Copies the headers of its upstream, `Connection: keep-alive` among them. */
  async 'http-proxy'() {
    const { target, end } = await upstream();
    const agent = new Agent({ keepAlive: true });
    const proxy = httpProxy.createProxyServer({ target, agent });
    const { server } = await started(
      createServer((request, response) => proxy.web(request, response)).listen(0, host),
    );
    async function close(): Promise<void> {
      agent.destroy();
      await end();
    }
    return { server, close };
  },

  async '@fastify/http-proxy'() {
    const { target, end } = await upstream();
    const app = fastify();
    await app.register(fastifyProxy, { upstream: target });
    await app.listen({ port: 0, host });
    async function close(): Promise<void> {
      await app.close();
      await end();
    }
    return { server: app.server, close };
  },
};
