import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { connect as connectSecure, createServer, type Server, type TLSSocket } from 'node:tls';
import { certificate } from '../support/certificate.ts';
import { limits } from '../support/limits.ts';
import { gate } from '../support/scene.ts';
import { serveScene } from '../support/serve-scene.ts';
import { type Client, connect, follow, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';

const test = suite('serve of TLS');

const half = { ...certificate, allowHalfOpen: true };

function secure(server: Server): TLSSocket {
  return connectSecure({ port: portOf(server), host: '127.0.0.1', ca: certificate.cert });
}

/** A connection that the server has accepted, and that says nothing. */
async function silent(server: Server): Promise<Client> {
  const accepted = once(server, 'connection');
  const client = await connect(server);
  await accepted;
  return client;
}

async function echo(socket: TLSSocket): Promise<void> {
  for await (const chunk of socket) socket.write(chunk as Buffer);
}

test('hands each connection to the handler, after the handshake', async () => {
  const { server, serving, end } = await serveScene(createServer(half), echo);
  const clients = [secure(server), secure(server)];
  const endings = clients.map((client) => follow(client));
  for (const [index, client] of clients.entries()) client.end(`hello ${index}`);
  for (const [index, ending] of endings.entries()) {
    assert.equal((await ending).text, `hello ${index}`);
  }
  await until(() => serving.stats.completed === 2);
  assert.deepEqual((await end()).stragglers, []);
});

test('serves a handshake that is completed in time', async () => {
  const { server, stop, over } = await serveScene(createServer(half), async (socket) => {
    socket.write('in time');
  });
  const { socket } = await silent(server);
  socket.removeAllListeners('data');
  stop.abort();
  await turns(10);
  const client = connectSecure({ socket, ca: certificate.cert, servername: 'localhost' });
  assert.equal((await follow(client)).text, 'in time');
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
      const { socket, ending } = await silent(server);
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
  const { ending } = await silent(server);
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
  const client = secure(server);
  const ending = follow(client);
  await until(() => serving.stats.active === 1);
  const { localPort } = client;
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
  const errors: unknown[] = [];
  const { opened, open } = gate();
  let isFirst = true;
  const { server, serving, end } = await serveScene(
    createServer(half),
    async (socket) => {
      if (isFirst) {
        isFirst = false;
        throw failure;
      }
      await opened;
      socket.write('fine');
    },
    { onError: (error) => errors.push(error) },
  );
  const broken = follow(secure(server));
  await until(() => serving.stats.failed === 1);
  const fine = follow(secure(server));
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
      await once(signal, 'abort');
      reasons.push(signal.reason);
      throw signal.reason;
    },
    { onError: () => assert.fail('it is no news') },
  );
  const client = secure(server);
  await once(client, 'secureConnect');
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
  const client = secure(server);
  client.on('error', () => {});
  await once(client, 'secureConnect');
  await until(() => serving.stats.completed === 1);
  stop.abort();
  await until(() => !server.listening);
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
