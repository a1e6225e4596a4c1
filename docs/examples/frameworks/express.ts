/**
 * Express 5. On Ctrl-C or SIGTERM the answers under way are finished. The last answer on each
 * keep-alive connection says `Connection: close`. No client is reset.
 *
 *     PORT=8000 node express.ts
 *     curl http://127.0.0.1:8000/slow
 */
// oxlint-disable no-console -- an example writes to the terminal
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { drain, shutdownSignal } from 'accept-loop';
import express from 'express';

const app = express();
app.get('/', (_request, response) => void response.send('hello from Express\n'));
app.get('/slow', async (_request, response) => {
  await delay(1000);
  response.send('slow hello from Express\n');
});

const server = app.listen(Number(process.env['PORT'] ?? 8000), '127.0.0.1', (error) => {
  // With a callback, Express gives an error of the binding to the callback only.
  if (error) throw error;
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
});
const drained = drain(server, { signal: shutdownSignal() });
// Await it last: the report comes when the server has stopped.
console.log(await drained);
