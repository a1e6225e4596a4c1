import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server } from 'node:tls';
import { certificate } from '../support/certificate.ts';
import { limits } from '../support/limits.ts';
import { gate } from '../support/scene.ts';
import { serveScene } from '../support/serve-scene.ts';
import {
  connectAccepted,
  connectTls,
  echo,
  follow,
  goOnWithTls,
  refuses,
  tlsSocket,
} from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until, untilAborted } from '../support/turns.ts';

const test = suite('serve of TLS');

const half = { ...certificate, allowHalfOpen: true };

test('hands each connection to the handler, after the handshake', async () => {
  const { server, serving, end } = await serveScene(createServer(half), echo);
  const clients = [await connectTls(server), await connectTls(server)];
  for (const [index, { socket }] of clients.entries()) socket.end(`hello ${index}`);
  for (const [index, { ending }] of clients.entries()) {
    assert.equal((await ending).text, `hello ${index}`);
  }
  await until(() => serving.stats.completed === 2);
  assert.deepEqual((await end()).stragglers, []);
});

test('serves a handshake that is completed in time', async () => {
  const { server, stop, over } = await serveScene(createServer(half), async (socket) => {
    socket.write('in time');
  });
  const { socket } = await connectAccepted(server);
  stop.abort();
  await turns(10);
  const client = await goOnWithTls(socket);
  assert.equal((await client.ending).text, 'in time');
  const { accepted, completed, stragglers } = await over();
  assert.deepEqual({ accepted, completed }, { accepted: 1, completed: 1 });
  assert.deepEqual(stragglers, []);
});

for (const [name, create] of Object.entries({
  TLS: () => createServer(certificate),
  HTTPS: () => createHttpsServer(certificate) as Server,
})) {
  test(
    `ends a handshake when the last call is over, and lists it (${name})`,
    async () => {
      const { server, stop, over } = await serveScene(create(), () => {}, { idle: 0 });
      const { socket, ending } = await connectAccepted(server);
      const { localPort } = socket;
      // The first bytes of a ClientHello.
      socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
      const begun = performance.now();
      stop.abort();
      await ending;
      const elapsed = performance.now() - begun;
      assert.ok(elapsed >= 450 && elapsed < 3000, String(elapsed));
      const { accepted, stragglers } = await over();
      assert.equal(accepted, 0);
      const [{ age, ...rest } = assert.fail()] = stragglers;
      const remote = { remoteAddress: '127.0.0.1', remotePort: localPort };
      assert.deepEqual(rest, { kind: 'handshake', ...remote });
      assert.ok(age >= 450, String(age));
      assert.equal(stragglers.length, 1);
    },
    name === 'HTTPS' ? { cannot: limits.httpNewcomers } : {},
  );
}

test('ends a handshake at grace, if that is sooner', async () => {
  const { server, stop, over } = await serveScene(createServer(certificate), () => {}, {
    grace: 100,
  });
  const { ending } = await connectAccepted(server);
  const begun = performance.now();
  stop.abort();
  await ending;
  assert.ok(performance.now() - begun < 450);
  const { stragglers } = await over();
  assert.deepEqual(
    stragglers.map(({ kind }) => kind),
    ['handshake'],
  );
});

test('destroys at grace what its handler holds, and lists it', async () => {
  const { server, serving, stop, over } = await serveScene(
    createServer(certificate),
    async (_, { signal }) => {
      await once(signal, 'abort');
    },
    { grace: 100 },
  );
  const { socket, ending } = await connectTls(server);
  await until(() => serving.stats.active === 1);
  const { localPort } = socket;
  stop.abort();
  await ending;
  const { forced, stragglers } = await over();
  assert.equal(forced, 1);
  const [{ age, ...rest } = assert.fail()] = stragglers;
  const remote = { remoteAddress: '127.0.0.1', remotePort: localPort };
  assert.deepEqual(rest, { kind: 'connection', ...remote });
  assert.ok(age >= 99);
  assert.equal(stragglers.length, 1);
});

test('destroys the connection of a handler that fails, and no other', async () => {
  const failure = new Error('broken');
  const { opened, open } = gate();
  let isFirst = true;
  const { server, serving, errors, end } = await serveScene(createServer(half), async (socket) => {
    if (isFirst) {
      isFirst = false;
      throw failure;
    }
    await opened;
    socket.write('fine');
  });
  const broken = follow(tlsSocket(server));
  await until(() => serving.stats.failed === 1);
  const fine = follow(tlsSocket(server));
  await until(() => serving.stats.active === 1);
  await broken;
  open();
  assert.equal((await fine).text, 'fine');
  assert.deepEqual(errors, [failure]);
  await end();
});

test('aborts signal when the client leaves', async () => {
  const reasons: unknown[] = [];
  const { server, serving, end } = await serveScene(
    createServer(certificate),
    async (socket, { signal }) => {
      socket.resume();
      reasons.push(await untilAborted(signal));
      throw signal.reason;
    },
    { onError: () => assert.fail('it is no news') },
  );
  const { socket: client } = await connectTls(server);
  await until(() => serving.stats.active === 1);
  client.destroy();
  await until(() => serving.stats.failed === 1);
  assert.ok(reasons[0] instanceof Error);
  await end();
});

test('sends all that a handler has written to a client that reads late', async () => {
  const length = 4 * 2 ** 20;
  const { server, serving, stop, over } = await serveScene(createServer(half), async (socket) => {
    socket.write(Buffer.alloc(length));
  });
  const client = tlsSocket(server);
  client.on('error', () => {});
  await once(client, 'secureConnect');
  await until(() => serving.stats.completed === 1);
  stop.abort();
  await refuses(server);
  await turns(20);
  let received = 0;
  // Not to its end: a TLS client of Deno that has begun late is not told of it.
  client.on('data', (chunk: Buffer) => (received += chunk.length));
  await until(() => received === length);
  client.destroy();
  const { completed, stragglers } = await over();
  assert.equal(completed, 1);
  assert.deepEqual(stragglers, []);
});

test.run();
