import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { drain } from 'accept-loop';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { gate } from '../support/scene.ts';
import { listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('Socket.IO');

test('acknowledges what is under way, until its owner says goodbye', async () => {
  const { opened, open } = gate();
  let asked = 0;
  const http = await listening(createServer());
  const server = new Server(http, { serveClient: false });
  server.on('connection', (socket) => {
    socket.on('ask', async (acknowledge: (answer: string) => void) => {
      asked += 1;
      await opened;
      acknowledge('answer');
    });
  });
  const stop = new AbortController();
  const drained = drain(http, { signal: stop.signal, idle: 300 });
  const client = io(`http://127.0.0.1:${portOf(http)}`, {
    transports: ['websocket'],
    reconnection: false,
  });
  await new Promise<void>((resolve) => client.on('connect', resolve));
  const answer = client.emitWithAck('ask') as Promise<string>;
  const left = new Promise<string>((resolve) => client.on('disconnect', resolve));
  await until(() => asked === 1);
  stop.abort();
  await until(() => !http.listening);
  open();
  assert.equal(await answer, 'answer');
  server.disconnectSockets(true);
  assert.equal(await left, 'io server disconnect');
  const { finished, forced } = await drained;
  assert.deepEqual([finished, forced], [1, 0]);
});

test.run();
