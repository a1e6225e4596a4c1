import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectSocket, createServer as createTcpServer } from 'node:net';
import { serve } from 'accept-loop';
import { WebSocketServer } from 'ws';
import { openClient, openWebSocketServer } from '../support/drain-web-socket.ts';
import { get } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { closeServer, connect, listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

const test = suite('serve of a WebSocketServer and who asks for no WebSocket');

test(
  'leaves nobody open when it has a port of its own',
  async () => {
    const { server } = await openWebSocketServer();
    const serving = serve(server, async () => {}, { grace: 100 });
    const port = portOf(server);
    const [silent, slow] = [await connect(port), await connect(port)];
    const { localPort } = slow.socket;
    slow.socket.write('GET / HTTP/1.1\r\nHo');
    // Behind them, so that it has read half a head by then.
    const asking = await connect(port);
    asking.socket.write(get('/'));
    await once(asking.socket, 'data');
    const { stragglers } = await serving.stop();
    for (const { ending } of [silent, slow]) await ending;
    asking.socket.destroy();
    const kinds = stragglers.map(({ kind, remotePort }) => [kind, remotePort]);
    assert.deepEqual(kinds[0], ['request', localPort]);
  },
  { cannot: limits.standaloneSockets },
);

test(
  'ends nobody of another server at the port, of another address',
  async () => {
    const { server } = await openWebSocketServer('standalone', undefined, { host: '0.0.0.0' });
    const port = portOf(server);
    const other = createTcpServer((socket) => void socket.pipe(socket));
    other.listen({ port, host: '::1' });
    await once(other, 'listening');
    const client = connectSocket({ port, host: '::1' });
    client.write('hello');
    await once(client, 'data');
    const { stragglers } = await serve(server, async () => {}).stop();
    assert.deepEqual(stragglers, []);
    client.write('hello again');
    await once(client, 'data');
    client.destroy();
    await closeServer(other);
  },
  { cannot: limits.standaloneSockets },
);

test(
  'lists each who is ended by force once',
  async () => {
    const { server } = await openWebSocketServer();
    const serving = serve(server, () => new Promise(() => {}), { grace: 50 });
    const { code, open } = openClient(portOf(server));
    await open;
    const { forced, stragglers } = await serving.stop();
    await code;
    assert.deepEqual([forced, stragglers.map(({ kind }) => kind)], [1, ['connection']]);
  },
  { cannot: limits.standaloneSockets },
);

test('ends nobody of the server that it is attached to', async () => {
  const http = await listening(createServer((_request, response) => response.end('answer')));
  const serving = serve(new WebSocketServer({ server: http }), async () => {});
  const client = await connect(http);
  client.socket.write(get('/'));
  await once(client.socket, 'data');
  const { stragglers } = await serving.stop();
  assert.deepEqual(stragglers, []);
  client.socket.write(get('/again'));
  await once(client.socket, 'data');
  client.socket.destroy();
  await closeServer(http);
});

test.run();
