/**
 * Fastify 5. On Ctrl-C or SIGTERM the server is drained. Only then the app is closed, so its hooks
 * run after the last request. They may close what requests need, such as a database.
 *
 *     PORT=8000 node fastify.ts
 *     curl http://127.0.0.1:8000/slow
 */
// oxlint-disable no-console -- an example writes to the terminal
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { drain, shutdownSignal } from 'accept-loop';
import { fastify } from 'fastify';

const app = fastify();
app.get('/', async () => 'hello from Fastify\n');
app.get('/slow', async () => {
  await delay(1000);
  return 'slow hello from Fastify\n';
});
app.addHook('onClose', async () => console.log('onClose: nobody needs the database any more'));

const drained = drain(app.server, { signal: shutdownSignal() });
// Not 'localhost', the default: with it, Fastify may open a second server that `drain` does not
// know.
await app.listen({ port: Number(process.env['PORT'] ?? 8000), host: '127.0.0.1' });
console.log(`listening on 127.0.0.1:${(app.server.address() as AddressInfo).port}`);
console.log(await drained);
await app.close();
