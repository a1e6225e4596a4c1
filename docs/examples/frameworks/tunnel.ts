/**
 * A proxy for `CONNECT`. A tunnel is no longer HTTP, and stays open until one of its sides ends. On
 * Ctrl-C or SIGTERM a tunnel is ended when no byte has gone through it for a second.
 *
 *     PORT=8000 node tunnel.ts
 *     curl --proxytunnel --proxy http://127.0.0.1:8000 http://127.0.0.1:9000/
 */
// oxlint-disable no-console -- an example writes to the terminal
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { drain, listen, shutdownSignal } from 'accept-loop';

/** Milliseconds without a byte in either direction, after which a tunnel is ended. */
const QUIET = 1000;

const signal = shutdownSignal();
const tunnels = new Set<Socket>();
const server = createServer((_request, response) => void response.end('hello from a proxy\n'));

function endWhenQuiet(socket: Socket): void {
  socket.setTimeout(QUIET, () => socket.end());
}

server.on('connect', (request, client: Socket, head: Buffer) => {
  const { hostname, port } = new URL(`http://${request.url}`);
  const upstream = connect(Number(port) || 80, hostname);
  const end = (): void => {
    client.destroy();
    upstream.destroy();
  };
  client.on('error', end).on('close', end);
  upstream.on('error', end).on('close', () => client.destroySoon());
  tunnels.add(client);
  client.on('close', () => tunnels.delete(client));
  upstream.on('connect', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.write(head);
    client.pipe(upstream);
    upstream.pipe(client);
    if (signal.aborted) endWhenQuiet(client);
  });
});
signal.addEventListener('abort', () => {
  for (const client of tunnels) endWhenQuiet(client);
});
await listen(server, { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' });
const drained = drain(server, { signal });
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
console.log(await drained);
