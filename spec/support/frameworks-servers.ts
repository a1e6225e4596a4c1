import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { serve } from '@hono/node-server';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { until } from './turns.ts';

/** A framework's server that listens, and echoes what is posted to it. */
export interface Framework {
  readonly server: Server;
  /** What the framework itself wants to be told at the end. */
  readonly close: () => Promise<void>;
}

type Start = () => Promise<Framework>;

const host = '127.0.0.1';

async function nothing(): Promise<void> {}

async function started(server: Server): Promise<Framework> {
  await until(() => server.listening);
  return { server, close: nothing };
}

/** Each listens by its own means. */
export const frameworks: Readonly<Record<string, Start>> = {
  async 'node:http'() {
    const server = createServer((request, response) => {
      void text(request).then((body) => response.end(body));
    });
    return started(server.listen(0, host));
  },

  /** Begins its answer while the request arrives. */
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
};
