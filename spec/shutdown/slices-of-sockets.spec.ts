import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { type AcceptLoop, acceptLoop, drain, serve, type ServeReport } from 'accept-loop';
import { WebSocketServer } from 'ws';
import { certificate } from '../support/certificate.ts';
import { get } from '../support/http-messages.ts';
import { inTime } from '../support/in-time.ts';
import { limits } from '../support/limits.ts';
import { abortListeners } from '../support/listeners.ts';
import { type Scene, scene } from '../support/scene.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { serveScene } from '../support/serve-scene.ts';
import { type Client, connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { countTicks } from '../support/ticks.ts';
import { stall, turns, until } from '../support/turns.ts';

const test = suite('what is done for many sockets at once');

/** A `WebSocketServer` with a port, and what it accepts. */
async function webSocketPort(): Promise<{
  server: WebSocketServer;
  port: number;
  sockets: Socket[];
}> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    if (socket.localPort === port) sockets.push(socket);
  };
  subscribe('net.server.socket', onSocket);
  server.once('close', () => unsubscribe('net.server.socket', onSocket));
  return { server, port, sockets };
}

for (const { title, shutDown } of [
  {
    title: 'is in slices when drain ends those that never asked for an upgrade',
    shutDown: (server: WebSocketServer, signal: AbortSignal) =>
      drain(server, { signal, idle: 0 }).then(({ forced }) => forced),
  },
  {
    title: 'is in slices when serve ends those that never asked for an upgrade',
    shutDown: (server: WebSocketServer, signal: AbortSignal) =>
      serve(server, () => {}, { signal }).finished.then(({ forced }) => forced),
  },
]) {
  test(
    title,
    async () => {
      const count = 100;
      const { server, port, sockets } = await webSocketPort();
      const stop = new AbortController();
      const over = shutDown(server, stop.signal);
      const clients = await Promise.all(Array.from({ length: count }, () => connect(port)));
      await until(() => sockets.length === count);
      const ended = new Set<Socket>();
      for (const socket of sockets) {
        for (const name of ['destroy', 'destroySoon'] as const) {
          const end = socket[name].bind(socket);
          const endSlowly = (): Socket => {
            if (!ended.has(socket)) stall(1);
            ended.add(socket);
            return end() ?? socket;
          };
          socket[name] = endSlowly;
        }
      }
      const ticks = countTicks(() => ended.size);
      stop.abort();
      assert.equal(await over, 0);
      for (const { ending } of clients) await ending;
      ticks.stop();
      assert.equal(ended.size, count);
      assert.ok(ticks.turns() >= 3, `${ticks.turns()} turns`);
      assert.equal(abortListeners(stop.signal), 0);
    },
    { cannot: [limits.standaloneSockets, limits.silentWebSocketClients] },
  );
}

for (const { name, shutDown } of [
  {
    name: 'drain',
    shutDown: (server: Server, signal: AbortSignal) => {
      server.on('request', (_request, response) => response.end('served'));
      return drain(server, { signal, idle: 0 }).then(({ forced }) => forced);
    },
  },
  {
    name: 'serve',
    shutDown: (server: Server, signal: AbortSignal) =>
      serve(server, ([, response]) => response.end('served'), { signal, idle: 0 }).finished.then(
        ({ stragglers }) => stragglers.length,
      ),
  },
]) {
  test(
    `is in slices when ${name} ends idle HTTP connections whose time is over`,
    async () => {
      const count = 100;
      const server = await listening(createHttpServer({ keepAliveTimeout: 60_000 }));
      const ended = new Set<Socket>();
      server.on('connection', (socket: Socket) => {
        for (const method of ['destroy', 'destroySoon'] as const) {
          const end = socket[method].bind(socket);
          const endSlowly = (): Socket => {
            if (!ended.has(socket)) stall(1);
            ended.add(socket);
            return end() ?? socket;
          };
          socket[method] = endSlowly;
        }
      });
      const stop = new AbortController();
      const over = shutDown(server, stop.signal);
      const clients = await Promise.all(Array.from({ length: count }, () => connect(server)));
      for (const { socket } of clients) socket.write(get('/'));
      await Promise.all(clients.map(({ socket }) => once(socket, 'data')));
      const ticks = countTicks(() => ended.size);
      stop.abort();
      assert.equal(await over, 0);
      for (const { ending } of clients) assert.equal((await ending).by, 'end');
      ticks.stop();
      assert.equal(ended.size, count);
      assert.ok(ticks.turns() >= 10, `${ticks.turns()} turns`);
      assert.ok(ticks.longest() <= 10, `${ticks.longest()} in one turn`);
      assert.equal(abortListeners(stop.signal), 0);
    },
    { cannot: limits.idleAfterClose },
  );
}

for (const [way, end] of [
  ['its signal aborts', (_: unknown, stop: AbortController) => stop.abort()],
  ['it is left', (loop: AcceptLoop<unknown>) => loop.return()],
] as const) {
  test(
    `is in slices when a loop ends idle HTTP connections because ${way}`,
    async () => {
      const count = 100;
      const server = await listening(createHttpServer({ keepAliveTimeout: 60_000 }));
      let ended = 0;
      server.on('connection', (socket: Socket) => {
        const destroySoon = socket.destroySoon.bind(socket);
        socket.destroySoon = () => {
          stall(1);
          ended += 1;
          destroySoon();
        };
      });
      const stop = new AbortController();
      const loop = acceptLoop(server, stop.signal);
      const consume = async (): Promise<void> => {
        for await (const [, response] of loop) response.end('served');
      };
      const consumed = consume();
      const clients = await Promise.all(Array.from({ length: count }, () => connect(server)));
      for (const { socket } of clients) socket.write(get('/'));
      await Promise.all(clients.map(({ socket }) => once(socket, 'data')));
      const ticks = countTicks(() => ended);
      void end(loop, stop);
      await consumed;
      for (const { ending } of clients) assert.equal((await ending).by, 'end');
      ticks.stop();
      assert.equal(ended, count);
      assert.ok(ticks.longest() <= 10, `${ticks.longest()} in one turn`);
    },
    { cannot: limits.idleAfterClose },
  );
}

test('is looked through in slices while serve goes on', async () => {
  const count = 60;
  const hub = new EventEmitter();
  const serving = serve(hub, () => {}, { event: 'client', flush: 4000 });
  let looks = 0;
  for (let index = 0; index < count; index += 1) {
    const client = Object.assign(new EventEmitter(), { destroy: () => {} });
    const look = (): boolean => {
      stall(1);
      looks += 1;
      return false;
    };
    hub.emit('client', client);
    Object.defineProperty(client, 'destroyed', { get: look });
  }
  const ticks = countTicks(() => looks);
  await until(() => looks >= count);
  ticks.stop();
  assert.ok(ticks.longest() <= 10, `${ticks.longest()} in one turn`);
  await serving.stop({ grace: 0 });
});

for (const grace of [0, 60_000]) {
  test(
    `is looked through in slices: what had gone before is in no count (grace: ${grace})`,
    async () => {
      const count = 60;
      const server = await listening(createServer());
      const stop = new AbortController();
      const drained = drain(server, { signal: stop.signal, grace });
      const sockets: Socket[] = [];
      server.on('connection', (socket) => sockets.push(socket));
      const clients = await Promise.all(Array.from({ length: count }, () => connect(server)));
      await until(() => sockets.length === count);
      // No listener is told of their end.
      const gone = sockets.slice(-10);
      for (const socket of gone) socket.removeAllListeners('close').destroy();
      await until(() => gone.every(({ closed }) => closed));
      for (const socket of sockets) {
        Object.defineProperty(socket, 'closed', {
          get() {
            stall(1);
            return Reflect.get(Readable.prototype, 'closed', socket);
          },
        });
      }
      stop.abort();
      for (const { socket } of clients) socket.end();
      const { finished, forced } = await drained;
      const left = count - gone.length;
      assert.deepEqual(
        { finished, forced },
        grace === 0 ? { finished: 0, forced: left } : { finished: left, forced: 0 },
      );
      for (const { ending } of clients) await ending;
    },
    { cannot: limits.countsHandedOff },
  );
}

const HELD_BACK = 200;
const HANDLER_MS = 5;

interface HeldBack extends Scene {
  /** How many handlers have run. */
  readonly served: () => number;
  readonly clients: Promise<Client>[];
}

/** A server with so many in its accept queue, whose handlers compute; the last call begins. */
async function heldBack(grace: number): Promise<HeldBack> {
  let served = 0;
  const handler = async (): Promise<void> => {
    stall(HANDLER_MS);
    served += 1;
  };
  const all = await scene(handler, { grace });
  const clients = Array.from({ length: HELD_BACK }, () => connect(all.server));
  // All have connected in this turn: the server takes one of them in each.
  await turns(1);
  all.stop.abort();
  return { ...all, served: () => served, clients };
}

async function assertEnded({ assertOver, clients }: HeldBack): Promise<void> {
  for (const client of clients) await (await client).ending;
  await assertOver();
}

test(
  'is handed out in slices when it was held back in the last call',
  async () => {
    const all = await heldBack(10_000);
    const ticks = countTicks(all.served);
    const { accepted, completed } = await all.serving.finished;
    ticks.stop();
    assert.deepEqual({ accepted, completed }, { accepted: HELD_BACK, completed: HELD_BACK });
    // A second in slices of ten milliseconds.
    assert.ok(ticks.turns() >= 30, `${ticks.turns()} turns`);
    assert.ok(ticks.timers() >= 30, `${ticks.timers()} timers`);
    assert.ok(ticks.longest() <= 3, `${ticks.longest()} in one turn`);
    await assertEnded(all);
  },
  { cannot: limits.acceptsOneByOne },
);

test(
  'ends at grace, though handing out what was held back would take longer',
  async () => {
    const all = await heldBack(300);
    const report: ServeReport = await inTime(300 + HANDLER_MS, all.serving.finished);
    const { accepted, completed, forced, discarded } = report;
    assertCounts(report, { accepted, completed, forced, discarded });
    assert.equal(accepted, HELD_BACK);
    assert.ok(completed > 0 && discarded > 0, `${completed} completed, ${discarded} discarded`);
    assert.equal(all.served(), completed);
    await assertEnded(all);
  },
  { cannot: limits.acceptsOneByOne },
);

test('is done to its end before serve finishes: handshakes', async () => {
  const count = 100;
  const unbound = createTlsServer({ ...certificate, handshakeTimeout: 60_000 });
  const { server, end } = await serveScene(unbound, () => {}, { grace: 5000 });
  let accepted = 0;
  const slowDown = (socket: Socket): void => {
    accepted += 1;
    const destroy = socket.destroy.bind(socket);
    socket.destroy = (error?: Error): Socket => {
      if (!socket.destroyed) stall(1);
      return destroy(error);
    };
  };
  server.on('connection', slowDown);
  const clients = await Promise.all(Array.from({ length: count }, () => connect(server)));
  await until(() => accepted === count);
  server.off('connection', slowDown);
  const { stragglers } = await end();
  assert.equal(stragglers.length, count);
  for (const { ending } of clients) await ending;
});

test.run();
