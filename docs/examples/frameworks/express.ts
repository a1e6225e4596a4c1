/**
 * Express 5. On Ctrl-C or SIGTERM the answers under way are finished, a client that keeps its
 * connection is told in its last answer, and nobody is reset.
 *
 *     PORT=8000 node express.ts
 *     curl http://127.0.0.1:8000/slow
 */
// oxlint-disable no-console -- an example talks to who runs it
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
  // Express hands the error of the binding to this callback, and to nobody else.
  if (error) throw error;
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
});
const drained = drain(server, { signal: shutdownSignal() });
// Awaited last: the report comes when the server has stopped.
console.log(await drained);
