import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { drainingOf } from '../../lib/draining/draining-of.ts';
import { recognise } from '../../lib/protocols/recognise.ts';
import { held } from '../support/drain-scene.ts';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns } from '../support/turns.ts';

const test = suite('a draining that no call has joined');

test('takes the close of its owner for no shutdown, and leaves with the last connection', async () => {
  const { hold, responses, arrived } = held();
  const server = await listening(createServer(hold));
  const known = recognise(server) ?? assert.fail('not recognised');
  const draining = drainingOf(server, known);
  const { socket, ending } = await connect(server);
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await arrived(1);
  const messages: unknown[] = [];
  const hear = (message: unknown): void => void messages.push(message);
  subscribe('accept-loop:drain', hear);
  const closed = once(server, 'close');
  server.close();
  responses[0]?.end('whole');
  assert.match((await ending).text, /whole$/);
  await closed;
  await turns(5);
  unsubscribe('accept-loop:drain', hear);
  assert.deepEqual(messages, []);
  assert.notEqual(drainingOf(server, known), draining);
});

test.run();
