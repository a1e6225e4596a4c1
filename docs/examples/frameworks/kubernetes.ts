/**
 * A server for a Pod. At SIGTERM it is not ready any more, and goes on accepting while the cluster
 * takes it off its lists; then it drains. DELAY and GRACE together stay below the Pod's
 * `terminationGracePeriodSeconds`, 30 by default.
 *
 *     HOST=0.0.0.0 PORT=8000 node kubernetes.ts
 *     curl -i http://127.0.0.1:8000/ready
 */
// oxlint-disable no-console -- an example talks to who runs it
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delaySignal, drain, listen, shutdownSignal } from 'accept-loop';

/** Milliseconds in which everybody who sends us requests is told not to. */
const DELAY = Number(process.env['DELAY'] ?? 5000);

/** Milliseconds for the requests that are under way by then. */
const GRACE = 20_000;

const told = shutdownSignal();
const server = createServer((request, response) => {
  // Of /live, the liveness path, it is 200 to the end: who is about to stop needs no restart.
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
