import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { drain } from 'accept-loop';
import { answer, becomeIdle, drainScene, held } from '../support/drain-scene.ts';
import { get, upgrade } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { type Client, connect, connectAccepted, listening, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { sleep, turns } from '../support/turns.ts';
import { switchOver } from '../support/tunnels.ts';

const test = suite('drain of HTTP called late');

test(
  'ends idle connections that came before it was called (A39)',
  async () => {
    const unbound = createServer(answer);
    let client: Client | undefined;
    const { end } = await drainScene(unbound, {
      async before() {
        client = await connect(unbound);
        await becomeIdle(client);
      },
    });
    const { finished, duration } = await end();
    assert.equal(finished, 1);
    assert.ok(duration < 5000, String(duration));
    assert.equal((await client?.ending)?.by, 'end');
  },
  { cannot: limits.idleAfterClose },
);

test('ends connections that were in flight when it was called, after their answer (A39)', async () => {
  const { hold, responses, arrived } = held();
  const unbound = createServer(hold);
  let client: Client | undefined;
  const { stop, over } = await drainScene(unbound, {
    async before() {
      client = await connect(unbound);
      client.socket.write(get('/'));
      await arrived(1);
    },
  });
  stop.abort();
  await sleep(250);
  responses[0]?.end('whole');
  assert.match((await client?.ending)?.text ?? '', /whole$/);
  const { finished, duration } = await over();
  assert.equal(finished, 1);
  assert.ok(duration < 5000, String(duration));
});

test(
  'says close in the next answer on connections that came before it was called (A39)',
  async () => {
    const unbound = createServer(answer);
    let client: Client | undefined;
    const { server, stop, over } = await drainScene(unbound, {
      idle: 5000,
      async before() {
        client = await connect(unbound);
        await becomeIdle(client);
      },
    });
    stop.abort();
    await refuses(server);
    client?.socket.write(get('/2'));
    assert.match((await client?.ending)?.text ?? '', /connection: close[^]*answer to \/2$/i);
    const { finished, duration } = await over();
    assert.equal(finished, 1);
    assert.ok(duration < 4000, String(duration));
  },
  { cannot: limits.idleAfterClose },
);

test(
  'destroys at grace half a head that came before it was called (A39)',
  async () => {
    const unbound = createServer(answer);
    let client: Client | undefined;
    const { end } = await drainScene(unbound, {
      grace: 300,
      async before() {
        client = await connectAccepted(unbound);
        client.socket.write('GET / HTTP/1.1\r\nHo');
        await turns(5);
      },
    });
    const { forced, duration } = await end();
    await client?.ending;
    assert.equal(forced, 1);
    assert.ok(duration >= 299 && duration < 1500, String(duration));
  },
  { cannot: limits.httpNewcomers },
);

/** A server that nothing follows, with a request under way. */
async function busy(): Promise<{ server: Server; ending: Client['ending'] }> {
  const { hold, arrived } = held();
  const server = await listening(createServer(hold));
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  return { server, ending };
}

test('lists with no grace at all what came before the call', async () => {
  const { server, ending } = await busy();
  const { finished, forced, stragglers } = await drain(server, { grace: 0 });
  assert.deepEqual([finished, forced, stragglers.length], [0, 1, 1]);
  await ending;
});

test('ends without grace what came before the call, though nobody can count it', async () => {
  const { server, ending } = await busy();
  server.getConnections = () => server;
  await drain(server, { grace: 0 });
  await ending;
});

test('does not list at grace who has left before, though it came before the call', async () => {
  const { hold, responses, arrived } = held();
  const unbound = createServer(hold);
  const early: Client[] = [];
  const { server, stop, over } = await drainScene(unbound, {
    grace: 500,
    idle: 5000,
    async before() {
      early.push(await connect(unbound));
      early[0]?.socket.write(get('/'));
      await arrived(1);
    },
  });
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(2);
  stop.abort();
  responses[0]?.setHeader('connection', 'close').end('whole');
  assert.match((await early[0]?.ending)?.text ?? '', /whole$/);
  await ending;
  const { finished, forced } = await over();
  assert.deepEqual({ finished, forced }, { finished: 1, forced: 1 });
});

test(
  'leaves the others their idle time when it ends those that came before (A39)',
  async () => {
    const { hold, responses, arrived } = held();
    const unbound = createServer(hold);
    const early: Client[] = [];
    const { server, stop, over } = await drainScene(unbound, {
      idle: 400,
      async before() {
        early.push(await connect(unbound));
        early[0]?.socket.write(get('/early'));
        await arrived(1);
      },
    });
    const { socket, ending } = await connect(server);
    socket.write(get('/1'));
    await arrived(2);
    responses[1]?.writeHead(200, { 'content-length': 5 }).flushHeaders();
    await once(socket, 'data');
    stop.abort();
    await sleep(350);
    responses[1]?.end('first');
    // Meanwhile it is looked who is idle.
    await sleep(350);
    socket.write(get('/2'));
    await arrived(3);
    responses[2]?.end('second');
    assert.match((await ending).text, /connection: close[^]*second$/i);
    responses[0]?.end('whole');
    assert.match((await early[0]?.ending)?.text ?? '', /whole$/);
    assert.equal((await over()).finished, 2);
  },
  { cannot: [limits.requestAfterClose, limits.idleAfterClose] },
);

test('gives up at grace on a socket that was upgraded before it was called (A39)', async () => {
  const server: Server = await listening(createServer(answer));
  const upgraded = switchOver(server);
  const { socket, ending } = await connect(server);
  socket.write(upgrade('/'));
  await once(socket, 'data');
  const closed = once(server, 'close');
  const { finished, forced, duration } = await drain(server, { grace: 200, idle: 0 });
  assert.deepEqual({ finished, forced }, { finished: 0, forced: 1 });
  assert.ok(duration >= 199 && duration < 1500, String(duration));
  upgraded[0]?.destroy();
  await ending;
  await closed;
});

test.run();
