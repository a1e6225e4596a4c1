import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { Conversation } from '../../../lib/protocols/web-socket/conversation.ts';
import { suite } from '../../support/suite.ts';
import { turns } from '../../support/turns.ts';

const test = suite('a WebSocket in conversation');

interface Bytes {
  bytesRead: number;
  bytesWritten: number;
  readableLength: number;
}

function scene(bytesRead = 200): {
  socket: Bytes;
  webSocket: EventEmitter;
  conversation: Conversation;
} {
  const socket = { bytesRead, bytesWritten: 100, readableLength: 0 };
  const webSocket = new EventEmitter();
  const conversation = Conversation.begin(socket);
  conversation.hear(webSocket);
  return { socket, webSocket, conversation };
}

test('has said nothing when it has upgraded', async () => {
  const { conversation } = scene();
  await turns(1);
  conversation.look(1000);
  assert.equal(conversation.hasCome(0), false);
});

test('has said something that came with the upgrade', async () => {
  const { socket, conversation } = scene();
  socket.readableLength = 10;
  const before = performance.now() - 1;
  await turns(1);
  assert.equal(conversation.hasCome(before), true);
});

test('speaks when bytes have come since the look before', () => {
  const { socket, conversation } = scene();
  socket.bytesRead += 1;
  conversation.look(1000);
  assert.deepEqual([conversation.hasCome(999), conversation.hasCome(1000)], [true, false]);
  conversation.look(2000);
  assert.equal(conversation.hasCome(1000), false);
  socket.bytesRead += 1;
  conversation.look(3000);
  assert.equal(conversation.hasCome(2999), true);
});

test('does not speak by pings and pongs, of any length', () => {
  const { socket, webSocket, conversation } = scene();
  conversation.follow();
  for (const [index, length] of [0, 1, 125].entries()) {
    socket.bytesRead += 2 * (6 + length);
    socket.bytesWritten += 2 + length;
    webSocket.emit('ping', Buffer.alloc(length));
    webSocket.emit('pong', Buffer.alloc(length));
    conversation.look(1000 * index + 1000);
    assert.equal(conversation.isAlive(0), false);
  }
  socket.bytesRead += 1;
  conversation.look(5000);
  assert.equal(conversation.hasCome(4999), true);
});

test('does not speak by pings of the server that are answered', () => {
  const { socket, webSocket, conversation } = scene();
  conversation.follow();
  socket.bytesWritten += 2 + 5;
  socket.bytesRead += 6 + 5;
  webSocket.emit('pong', Buffer.alloc(5));
  conversation.look(1000);
  assert.equal(conversation.isAlive(0), false);
});

test('bears pings without data, of a class of somebody else', () => {
  const { webSocket, conversation } = scene();
  webSocket.emit('ping');
  webSocket.emit('pong');
  conversation.look(1000);
  assert.equal(conversation.hasCome(0), false);
});

test('is alive by what is sent, once it is followed', () => {
  const { socket, conversation } = scene();
  socket.bytesWritten += 1;
  conversation.look(1000);
  assert.equal(conversation.isAlive(0), false);
  conversation.follow();
  conversation.look(2000);
  assert.equal(conversation.isAlive(0), false);
  socket.bytesWritten += 1;
  conversation.look(3000);
  assert.deepEqual([conversation.isAlive(2999), conversation.isAlive(3000)], [true, false]);
  assert.equal(conversation.hasCome(0), false);
});

test('listens to messages only where bytes are not counted', () => {
  const counted = scene();
  assert.deepEqual(counted.webSocket.eventNames(), ['ping', 'pong']);
  const { webSocket, conversation } = scene(0);
  webSocket.emit('message', Buffer.alloc(1), false);
  conversation.look(1000);
  assert.equal(conversation.hasCome(999), true);
});

test('may have spoken at that time, of which nothing is known', () => {
  const conversation = new Conversation(undefined, 1000);
  conversation.look(2000);
  assert.deepEqual([conversation.hasCome(999), conversation.hasCome(1000)], [true, false]);
});

test.run();
