/**
 * h3 2 on srvx, which is also the server of Nitro. Its own shutdown is switched off: it would close
 * the server at SIGTERM during the drain. The import is `h3/node`: on Bun and Deno, `h3` would use
 * the runtime's own server, which is not a server of `node:http`.
 *
 *     PORT=8000 node h3.ts
 *     curl http://127.0.0.1:8000/slow
 */
// oxlint-disable no-console -- an example writes to the terminal
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { drain, shutdownSignal } from 'accept-loop';
import { H3, serve } from 'h3/node';

const app = new H3();
app.get('/', () => 'hello from h3\n');
app.get('/slow', async () => {
  await delay(1000);
  return 'slow hello from h3\n';
});

const h3 = serve(app, {
  port: Number(process.env['PORT'] ?? 8000),
  hostname: '127.0.0.1',
  gracefulShutdown: false,
  silent: true,
});
const server = h3.node?.server as Server;
const drained = drain(server, { signal: shutdownSignal() });
await h3.ready();
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
console.log(await drained);
