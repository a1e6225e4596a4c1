import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { ServeContext, ServeReport } from 'accept-loop';
import { answer, held } from '../support/drain-scene.ts';
import { eventScene, type ServeScene } from '../support/serve-scene.ts';
import { answersIn, get, saysClose } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { type Client, connect, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { type Tunnel, type TunnelMode, tunnelModes, WELCOME } from '../support/tunnels.ts';
import { untilAborted } from '../support/turns.ts';

const test = suite('serve of HTTP tunnels and requests');

async function sayGoodbye([, socket]: Tunnel, { draining }: ServeContext): Promise<void> {
  socket.write(WELCOME);
  await untilAborted(draining);
  socket.write('goodbye');
}

/** A server with a tunnel open, and a client beside it whose requests its owner answers. */
interface Beside extends ServeScene<Server> {
  readonly client: Client;
  /** Stops the serving, and waits until the listener is closed. */
  readonly stopListening: () => Promise<void>;
  /** Waits for the end of the tunnel and of the serving. */
  readonly over: () => Promise<ServeReport>;
}

async function beside(
  mode: TunnelMode,
  listener: RequestListener,
  options: { idle?: number; grace?: number } = {},
): Promise<Beside> {
  const { event, hello } = mode;
  const scene = await eventScene<Tunnel>(mode.create(listener), sayGoodbye, { event, ...options });
  const tunnel = await mode.open(scene.server);
  tunnel.socket.write(hello);
  await once(tunnel.socket, 'data');
  return {
    ...scene,
    client: await mode.open(scene.server),
    async stopListening() {
      scene.stop.abort();
      await refuses(scene.server);
    },
    async over() {
      const { text, by } = await tunnel.ending;
      assert.deepEqual({ text, by }, { text: `${WELCOME}goodbye`, by: 'end' });
      const report = await scene.over();
      assert.deepEqual([report.accepted, report.completed], [1, 1]);
      return report;
    },
  };
}

async function askAndRead(socket: Socket, path: string): Promise<void> {
  socket.write(get(path));
  await once(socket, 'data');
}

for (const mode of tunnelModes) {
  test(
    `ends a connection beside them that has said nothing (${mode.title})`,
    async () => {
      const { client, stopListening, over } = await beside(mode, answer);
      await stopListening();
      const { text, by } = await client.ending;
      assert.deepEqual({ text, by }, { text: '', by: 'end' });
      assert.deepEqual((await over()).stragglers, []);
    },
    { cannot: limits.httpNewcomers },
  );

  test(`ends a connection beside them that was answered (${mode.title})`, async () => {
    const { client, stopListening, over } = await beside(mode, answer);
    await askAndRead(client.socket, '/first');
    await stopListening();
    const { text, by } = await client.ending;
    assert.match(text, /answer to \/first$/);
    assert.equal(by, 'end');
    assert.deepEqual((await over()).stragglers, []);
  });

  test(
    `answers what it asks in the idle window with Connection: close (${mode.title})`,
    async () => {
      const { client, stopListening, over } = await beside(mode, answer, { idle: 3000 });
      await askAndRead(client.socket, '/first');
      await stopListening();
      client.socket.write(get('/second'));
      const { text, by } = await client.ending;
      const [first = '', second = ''] = answersIn(text);
      assert.equal(saysClose(first), false);
      assert.ok(saysClose(second));
      assert.match(second, /answer to \/second$/);
      assert.equal(by, 'end');
      await over();
    },
    { cannot: limits.idleAfterClose },
  );

  test(`answers what it has asked before with Connection: close (${mode.title})`, async () => {
    const { hold, responses, arrived } = held();
    const { client, stopListening, over } = await beside(mode, hold);
    client.socket.write(get('/'));
    await arrived(1);
    await stopListening();
    responses[0]?.end('late');
    const { text, by } = await client.ending;
    assert.ok(saysClose(text));
    assert.match(text, /late$/);
    assert.equal(by, 'end');
    await over();
  });

  test(
    `lets half a head arrive beside them, and answers it (${mode.title})`,
    async () => {
      const { client, stopListening, over } = await beside(mode, answer);
      await askAndRead(client.socket, '/first');
      client.socket.write('GET /half HT');
      await stopListening();
      client.socket.write('TP/1.1\r\nHost: localhost\r\n\r\n');
      const { text, by } = await client.ending;
      const [, half = ''] = answersIn(text);
      assert.ok(saysClose(half));
      assert.match(half, /answer to \/half$/);
      assert.equal(by, 'end');
      await over();
    },
    { cannot: limits.httpNewcomers },
  );

  test(
    `destroys at grace half a head that never arrives (${mode.title})`,
    async () => {
      const { client, stopListening, over } = await beside(mode, answer, { grace: 200 });
      await askAndRead(client.socket, '/first');
      const { localPort } = client.socket;
      client.socket.write('GET /half HT');
      await stopListening();
      await client.ending;
      const { stragglers, forced } = await over();
      assert.deepEqual(
        stragglers.map(({ kind, remotePort }) => ({ kind, remotePort })),
        [{ kind: 'request', remotePort: localPort }],
      );
      assert.equal(forced, 0);
    },
    { cannot: limits.httpNewcomers },
  );
}

/** So few that a busy machine takes them within the half second that the last call may last. */
const BURST = 10;

for (const mode of tunnelModes.filter(({ title }) => title.endsWith('http'))) {
  test(
    `serves all that come in the last call (${mode.title})`,
    async () => {
      const { event, hello } = mode;
      const { server, stop, over } = await eventScene(mode.create(), sayGoodbye, { event });
      // In the kernel's queue, or accepted: a client that comes later may come too late.
      const clients = await Promise.all(Array.from({ length: BURST }, () => connect(server)));
      stop.abort();
      const endings = clients.map(({ socket, ending }) => {
        socket.write(hello);
        return ending;
      });
      const expected = { text: `${WELCOME}goodbye`, by: 'end' };
      for (const ending of await Promise.all(endings)) assert.deepEqual(ending, expected);
      assert.equal((await over()).completed, BURST);
    },
    { cannot: [limits.exactLastCall, limits.httpNewcomers] },
  );
}

test.run();
