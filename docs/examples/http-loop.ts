/**
 * A loop over an HTTP server: each connection is a request with its response. On Ctrl-C the answers
 * under way are finished, and say `Connection: close`. `serve` does more: see serving-http.ts.
 *
 *     PORT=8000 node http-loop.ts
 *     curl -i http://127.0.0.1:8000/slow
 */
// oxlint-disable no-console -- an example writes to the terminal
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { acceptLoop, listen, shutdownSignal } from 'accept-loop';

const signal = shutdownSignal();
const where = { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' };
const server = await listen(createServer(), where);
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/slow') await delay(3000);
  response.end(`you asked for ${request.url}\n`);
}

for await (const [request, response] of acceptLoop(server, { signal })) {
  // Not awaited, so that the loop takes the next request at once.
  void answer(request, response);
}
console.log('no request comes any more');
// Answers have ten seconds. Without this, a client with half a request would keep the process alive
// for ever.
setTimeout(() => server.closeAllConnections(), 10_000).unref();
