/**
 * A server for a Pod. At SIGTERM `/ready` answers 503 at once. The server goes on accepting while
 * the cluster takes it off its lists, and then it drains. Keep DELAY and GRACE together below the
 * Pod's `terminationGracePeriodSeconds`, 30 by default.
 *
 *     HOST=0.0.0.0 PORT=8000 node kubernetes.ts
 *     curl -i http://127.0.0.1:8000/ready
 */
// oxlint-disable no-console -- an example writes to the terminal
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delaySignal, drain, listen, shutdownSignal } from 'accept-loop';

/** Milliseconds in which the cluster tells all proxies and balancers to send no more requests. */
const DELAY = Number(process.env['DELAY'] ?? 5000);

/** Milliseconds for the requests that are under way after the delay. */
const GRACE = 20_000;

const told = shutdownSignal();
const server = createServer((request, response) => {
  // /live answers 200 to the end: a server that is about to stop needs no restart.
  if (request.url === '/ready' && told.aborted) response.statusCode = 503;
  response.end(told.aborted ? 'about to stop\n' : 'at your service\n');
});
const host = process.env['HOST'] ?? '127.0.0.1';
await listen(server, { port: process.env['PORT'] ?? 8000, host });
const drained = drain(server, { signal: delaySignal(told, DELAY), grace: GRACE });
const { address, port } = server.address() as AddressInfo;
console.log(`listening on ${address}:${port}`);
told.addEventListener('abort', () => console.log('not ready any more'));
console.log(await drained);
