/**
 * Koa 3. On Ctrl-C or SIGTERM the answers under way are finished. The last answer on each
 * keep-alive connection says `Connection: close`. No client is reset.
 *
 *     PORT=8000 node koa.ts
 *     curl http://127.0.0.1:8000/slow
 */
// oxlint-disable no-console -- an example writes to the terminal
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { drain, shutdownSignal } from 'accept-loop';
import Koa from 'koa';

const app = new Koa();
app.use(async (context) => {
  if (context.path === '/slow') await delay(1000);
  context.body = `${context.path === '/slow' ? 'slow ' : ''}hello from Koa\n`;
});

const server = app.listen(Number(process.env['PORT'] ?? 8000), '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
});
const drained = drain(server, { signal: shutdownSignal() });
// Await it last: the report comes when the server has stopped.
console.log(await drained);
