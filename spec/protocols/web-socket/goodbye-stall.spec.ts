import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { handshake, webSocketDrain, type WebSocketDrain } from '../../support/drain-web-socket.ts';
import { lineClient } from '../../support/line-client.ts';
import type { LineProcess } from '../../support/line-process.ts';
import { connect } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { stall } from '../../support/turns.ts';

const test = suite('drain of WebSockets in a busy process');

const COUNT = 10;
const allCodes = Array.from({ length: COUNT }, () => 1001);

/** Longer than a client has to answer. */
const STALL_MS = 1200;

/** In a process of its own: clients of this one would be as busy as the server. */
let clients: LineProcess;
test.before(async () => {
  clients = await lineClient('spec/clients/web-sockets.ts');
});
test.after(() => clients.stop());

/** Clients that answer, and end their connections so many milliseconds after the server has. */
async function openAll(
  { port }: WebSocketDrain,
  lag = 0,
): Promise<{ codes: () => Promise<unknown> }> {
  assert.equal(await clients.ask('open', port, COUNT, lag), 'open');
  return { codes: async () => JSON.parse(await clients.ask('codes')) as unknown };
}

/** A client that never answers. */
async function openSilent({ server, port }: WebSocketDrain): Promise<{ localPort: number }> {
  const { socket } = await connect(port);
  const taken = once(server, 'connection');
  socket.write(handshake);
  await taken;
  return { localPort: socket.localPort ?? assert.fail() };
}

/** Has the process compute right behind the goodbye that comes last, and in the turns after it. */
function stallBehindGoodbyes(
  webSockets: Iterable<WebSocket>,
  [first, ...later]: readonly number[],
): void {
  const waiting = new Set(webSockets);
  const compute = (): void => {
    const milliseconds = later.shift();
    if (milliseconds === undefined) return;
    stall(milliseconds);
    setImmediate(compute);
  };
  for (const webSocket of waiting) {
    const close = webSocket.close.bind(webSocket);
    webSocket.close = (code): void => {
      close(code);
      // It is called again when an answer comes.
      if (!waiting.delete(webSocket) || waiting.size > 0) return;
      stall(first ?? 0);
      setImmediate(compute);
    };
  }
}

const short = Array.from({ length: 5 }, () => 150);

for (const { title, mode, stalls, lag } of [
  {
    title: 'cuts no client that has answered meanwhile',
    mode: 'standalone',
    stalls: [STALL_MS],
    lag: 0,
  },
  { title: 'cuts none when it stays busy', mode: 'http', stalls: [STALL_MS, ...short], lag: 0 },
  {
    title: 'lets a client that has answered leave in its own time',
    mode: 'http',
    stalls: [STALL_MS],
    lag: 300,
  },
] as const) {
  test(`${title}, and lists none`, async () => {
    const scene = await webSocketDrain({ mode });
    const { codes } = await openAll(scene, lag);
    stallBehindGoodbyes(scene.server.clients, stalls);
    scene.stop.abort();
    const { finished, forced } = await scene.over();
    assert.deepEqual({ finished, forced }, { finished: COUNT, forced: 0 });
    assert.deepEqual(await codes(), allCodes);
  });
}

test('cuts and lists the one among them that never answers', async () => {
  const scene = await webSocketDrain({ mode: 'http' });
  const { codes } = await openAll(scene);
  const { localPort } = await openSilent(scene);
  stallBehindGoodbyes(scene.server.clients, [STALL_MS]);
  scene.stop.abort();
  const { finished, forced, duration, stragglers } = await scene.over();
  assert.deepEqual({ finished, forced }, { finished: COUNT, forced: 1 });
  assert.deepEqual(
    stragglers.map(({ kind, remotePort }) => [kind, remotePort]),
    [['connection', localPort]],
  );
  assert.ok(duration >= STALL_MS && duration < 5000, String(duration));
  assert.deepEqual(await codes(), allCodes);
});

test.run();
