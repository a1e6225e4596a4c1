/**
 * Fastify with `@fastify/websocket`: two servers, drained with one signal. On Ctrl-C or SIGTERM
 * WebSocket clients get their answer and then 1001. HTTP clients get their answer. Then the app is
 * closed.
 *
 *     PORT=8000 node fastify-websocket.ts
 *     node -e "new WebSocket('ws://127.0.0.1:8000').onclose = (event) => console.log(event.code)"
 */
// oxlint-disable no-console -- an example writes to the terminal
import type { AddressInfo } from 'node:net';
import websocket from '@fastify/websocket';
import { drain, shutdownSignal } from 'accept-loop';
import { fastify } from 'fastify';

const signal = shutdownSignal();
const app = fastify();
await app.register(websocket);
app.route({
  method: 'GET',
  url: '/',
  handler: async () => 'hello from Fastify\n',
  wsHandler(webSocket) {
    webSocket.on('error', (error) => console.log(error.message));
    webSocket.on('message', (message, isBinary) => {
      setTimeout(() => webSocket.send(message, { binary: isBinary }), 300);
    });
  },
});
// Now both servers exist, and neither listens yet.
await app.ready();
const drained = Promise.all([
  drain(app.websocketServer, { signal }),
  drain(app.server, { signal }),
]);
await app.listen({ port: Number(process.env['PORT'] ?? 8000), host: '127.0.0.1' });
console.log(`listening on 127.0.0.1:${(app.server.address() as AddressInfo).port}`);
const [, report] = await drained;
console.log(report);
await app.close();
