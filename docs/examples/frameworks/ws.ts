/**
 * `ws` on an HTTP server. On Ctrl-C or SIGTERM clients are closed with 1001, "going away". The HTTP
 * server is drained with them.
 *
 *     PORT=8000 node ws.ts
 *     node -e "new WebSocket('ws://127.0.0.1:8000').onclose = (event) => console.log(event.code)"
 */
// oxlint-disable no-console -- an example writes to the terminal
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drain, listen, shutdownSignal } from 'accept-loop';
import { WebSocketServer } from 'ws';

const signal = shutdownSignal();
const server = createServer((_request, response) => void response.end('hello from ws\n'));
const webSocketServer = new WebSocketServer({ server });
webSocketServer.on('connection', (webSocket) => {
  webSocket.on('error', (error) => console.log(error.message));
  webSocket.on('message', (message, isBinary) => {
    webSocket.send(message, { binary: isBinary });
  });
});
await listen(server, { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' });
const drained = drain(webSocketServer, { signal });
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
console.log(await drained);
