import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import type { Server } from 'node:net';
import { acceptLoop } from 'accept-loop';
import { closeServer } from '../../lib/protocols/close-server.ts';
import { idleClient } from '../support/http2-frames.ts';
import { listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('closing an HTTP server');

function sealed(): void {}

test("leaves the server's own properties as they were", async () => {
  for (const own of [{}, { closeIdleConnections() {} }]) {
    const server = Object.assign(await listening(createServer()), own);
    const before = Object.getOwnPropertyDescriptor(server, 'closeIdleConnections');
    await acceptLoop(server).return();
    assert.deepEqual(Object.getOwnPropertyDescriptor(server, 'closeIdleConnections'), before);
  }
});

test('leaves HTTP/2 sessions open, and as they were (A40)', async () => {
  const server: Server = await listening(
    createHttp2Server((_, response) => void response.end('answer')) as Server,
  );
  const opens = once(server, 'session') as Promise<[ServerHttp2Session]>;
  const client = await idleClient(server);
  const [session] = await opens;
  const closed = once(server, 'close');
  closeServer(server, [session]);
  assert.equal(server.listening, false);
  assert.equal(Object.hasOwn(session, 'close'), false);
  client.request(3, '/');
  await client.until(() => client.hasEnded(3));
  await turns(5);
  assert.deepEqual(client.goaways, []);
  assert.equal(session.closed, false);
  session.close();
  await Promise.all([client.closed, closed]);
});

test('is done though a session or the server is sealed by its owner', async () => {
  const server: Server = await listening(
    createHttp2Server((_, response) => void response.end('answer')) as Server,
  );
  const opens = once(server, 'session') as Promise<[ServerHttp2Session]>;
  const client = await idleClient(server);
  const [session] = await opens;
  Object.defineProperty(session, 'close', { value: sealed });
  const { warnings, stopCollecting } = collectWarnings();
  const closed = once(server, 'close');
  closeServer(server, [session]);
  assert.equal(server.listening, false);
  assert.equal(Reflect.get(session, 'close'), sealed);
  await turns(2);
  stopCollecting();
  assert.match(String(warnings[0]), /TypeError/);
  session.destroy();
  await Promise.all([client.closed, closed]);
});

test.run();
