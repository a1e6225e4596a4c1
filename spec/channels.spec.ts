import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:net';
import { acceptLoop, type ErrorMessage } from 'accept-loop';
import { listening } from './support/sockets.ts';
import { suite } from './support/suite.ts';

const test = suite('accept-loop:error');

test('tells of every error of the server, with the server', async () => {
  const server = await listening(createServer());
  const messages: ErrorMessage[] = [];
  const subscriber = (message: unknown): void => void messages.push(message as ErrorMessage);
  subscribe('accept-loop:error', subscriber);
  const loop = acceptLoop(server);
  const shortage = Object.assign(new Error('accept EMFILE'), { syscall: 'accept' });
  const fault = new Error('broken');
  server.emit('error', shortage);
  server.emit('error', fault);
  await assert.rejects(loop.next(), (error) => error === fault);
  unsubscribe('accept-loop:error', subscriber);
  assert.deepEqual(messages, [
    { server, error: shortage },
    { server, error: fault },
  ]);
});

test.run();
