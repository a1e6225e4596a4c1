/**
 * Hono with its adapter for Node. On Ctrl-C or SIGTERM the answers under way are finished. The last
 * answer on each keep-alive connection says `Connection: close`. No client is reset.
 *
 *     PORT=8000 node hono.ts
 *     curl http://127.0.0.1:8000/slow
 */
// oxlint-disable no-console -- an example writes to the terminal
import { setTimeout as delay } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { drain, shutdownSignal } from 'accept-loop';
import { Hono } from 'hono';

const app = new Hono();
app.get('/', (context) => context.text('hello from Hono\n'));
app.get('/slow', async (context) => {
  await delay(1000);
  return context.text('slow hello from Hono\n');
});

const where = { port: Number(process.env['PORT'] ?? 8000), hostname: '127.0.0.1' };
const server = serve({ fetch: app.fetch, ...where }, ({ port }) => {
  console.log(`listening on 127.0.0.1:${port}`);
});
const drained = drain(server, { signal: shutdownSignal() });
// Await it last: the report comes when the server has stopped.
console.log(await drained);
