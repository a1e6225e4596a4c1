/**
 * On SIGTERM `/ready` answers 503 at once. The server goes on accepting for a while, so that a load
 * balancer has time to notice. Only then the shutdown begins.
 *
 *     PORT=8000 node readiness.ts
 *     curl -i http://127.0.0.1:8000/ready
 */
// oxlint-disable no-console -- an example writes to the terminal
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delaySignal, listen, serve, shutdownSignal } from 'accept-loop';

/**
 * Milliseconds from the signal to the shutdown: more than the balancer waits between two checks.
 */
const NOTICE = 2000;

const told = shutdownSignal();
const where = { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' };
const server = await listen(createServer(), where);

const serving = serve(
  server,
  async ([request, response]) => {
    if (request.url === '/ready') response.statusCode = told.aborted ? 503 : 200;
    response.end(told.aborted ? 'about to stop\n' : 'at your service\n');
  },
  { signal: delaySignal(told, NOTICE) },
);
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
told.addEventListener('abort', () => console.log('not ready any more'));
console.log(await serving.finished);
