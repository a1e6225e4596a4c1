/**
 * An HTTP server with an async handler. On Ctrl-C answers are finished, and an event stream says
 * goodbye. An idle keep-alive connection has a second for one more request.
 *
 *     PORT=8000 node serving-http.ts
 *     curl http://127.0.0.1:8000/slow       takes three seconds; Ctrl-C in curl stops the work
 *     curl -i http://127.0.0.1:8000/broken  500
 *     curl -N http://127.0.0.1:8000/events  goes on until the server stops
 */
// oxlint-disable no-console -- an example writes to the terminal
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { listen, serve, type ServeContext, shutdownSignal } from 'accept-loop';

const signal = shutdownSignal();
const where = { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' };
const server = await listen(createServer(), where);
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
const serving = serve(server, answer, {
  signal,
  onError: (error, [request]) => console.log(`${request.url} failed: ${String(error)}`),
});
console.log(await serving.finished);

async function answer(
  [request, response]: [IncomingMessage, ServerResponse],
  context: ServeContext,
): Promise<void> {
  console.log(`${request.method} ${request.url}`);
  if (request.url === '/broken') throw new Error('no such luck');
  if (request.url === '/events') return sendEvents(response, context);
  // The signal aborts when the client leaves, or when grace is over. Then `delay` rejects.
  if (request.url === '/slow') await delay(3000, undefined, { signal: context.signal });
  response.end(`you asked for ${request.url}\n`);
}

/** Sends an event each second until the server stops. If the client leaves, `once` rejects. */
async function sendEvents(response: ServerResponse, context: ServeContext): Promise<void> {
  const { signal: lost, draining } = context;
  response.setHeader('content-type', 'text/event-stream');
  const send = (): boolean => response.write(`data: ${new Date().toISOString()}\n\n`);
  const timer = setInterval(send, 1000);
  try {
    send();
    if (!draining.aborted) await once(draining, 'abort', { signal: lost });
    response.end('event: goodbye\ndata: the server stops\n\n');
  } finally {
    clearInterval(timer);
  }
}
