/**
 * `node:http` alone, with an event stream. Only its handler can end such an answer in order. It
 * listens to the signal and ends the stream. Otherwise the stream would be cut off when grace is
 * over.
 *
 *     PORT=8000 node http.ts
 *     curl http://127.0.0.1:8000/slow
 *     curl -N http://127.0.0.1:8000/events
 */
// oxlint-disable no-console -- an example writes to the terminal
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drain, listen, shutdownSignal } from 'accept-loop';

const signal = shutdownSignal();
const server = createServer((request, response) => {
  if (request.url === '/events') sendEvents(response);
  else if (request.url === '/slow') setTimeout(() => response.end('slow hello\n'), 1000);
  else response.end('hello from node:http\n');
});
await listen(server, { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' });
const drained = drain(server, { signal });
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
console.log(await drained);

/** Sends an event each second, until the server stops or the client leaves. */
function sendEvents(response: ServerResponse): void {
  const send = (): boolean => response.write(`data: ${new Date().toISOString()}\n\n`);
  const timer = setInterval(send, 1000);
  const goodbye = (): void => void response.end('event: goodbye\ndata: the server stops\n\n');
  signal.addEventListener('abort', goodbye);
  response.on('close', () => {
    clearInterval(timer);
    signal.removeEventListener('abort', goodbye);
  });
  response.setHeader('content-type', 'text/event-stream');
  send();
  if (signal.aborted) goodbye();
}
