import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { acceptLoop, serve, type ServeReport, type Serving, type Straggler } from 'accept-loop';
import { assertConserved } from '../support/conservation.ts';
import { drainScene } from '../support/drain-scene.ts';
import { limits } from '../support/limits.ts';
import { abortListeners, listenersOn } from '../support/listeners.ts';
import { connectionsOf, gate } from '../support/scene.ts';
import { assertReport } from '../support/report.ts';
import { listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import {
  answer,
  assertServed,
  atUnixSocket,
  secureKinds,
  type SecureKind,
  type UnixClients,
  unixClients,
} from '../support/tls-unix-socket.ts';
import { turns, until } from '../support/turns.ts';

const test = suite('TLS over a Unix socket');

/** Handshakes at the same time. */
const MANY = 50;

interface Scene {
  readonly clients: UnixClients;
  readonly serving: Serving;
  readonly stop: AbortController;
  /** Lets the handlers answer. */
  readonly open: () => void;
  /** Waits for its end, and asserts that nothing is left. */
  readonly over: () => Promise<ServeReport>;
}

/** A server whose handlers answer when they are told to. */
async function serveAt(path: string, kind: SecureKind): Promise<Scene> {
  const server = kind.create();
  const clients = unixClients(server, path, kind);
  const before = listenersOn(server);
  await listening(server, path);
  const stop = new AbortController();
  const { signal } = stop;
  const { opened, open } = gate();
  const closed = once(server, 'close');
  const handler = async (connection: unknown): Promise<void> => {
    await opened;
    answer(connection);
  };
  const serving = serve(server, handler, { signal, grace: 8000, idle: 50 });
  const over = async (): Promise<ServeReport> => {
    const report = await serving.finished;
    assertReport(report);
    assert.equal(await connectionsOf(server), 0);
    await closed;
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(signal), 0);
    return report;
  };
  return { clients, serving, stop, open, over };
}

/** A server with handlers of its own, which answer when they are told to. */
function handled(kind: SecureKind): { server: Server; active: () => number; open: () => void } {
  const server = kind.create();
  const { opened, open } = gate();
  let active = 0;
  server.on(kind.event, (...args: unknown[]) => {
    if (!kind.isHttp) (args[0] as TLSSocket).on('error', () => {});
    active += 1;
    void opened.then(() => answer(kind.isHttp ? args : args[0]));
  });
  return { server, active: () => active, open };
}

function kindsOf(stragglers: readonly Straggler[]): string[] {
  return stragglers.map(({ kind }) => kind);
}

for (const [name, kind] of Object.entries(secureKinds)) {
  const needs = kind.isHttp ? { cannot: limits.httpNewcomers } : {};

  test(
    `ends half a ClientHello and a silent client with serve, and lists them (${name})`,
    () =>
      atUnixSocket(async (path) => {
        const { clients, stop, over } = await serveAt(path, kind);
        const raw = [await clients.half(), await clients.silent()];
        stop.abort();
        const { accepted, stragglers } = await over();
        assert.equal(accepted, 0);
        assert.deepEqual(kindsOf(stragglers), ['handshake', 'handshake']);
        for (const { ending } of raw) await ending;
      }),
    needs,
  );

  test(
    `serves ${MANY} handshakes beside them, and cuts none at the bound of the last call (${name})`,
    () =>
      atUnixSocket(async (path) => {
        const { clients, serving, stop, open, over } = await serveAt(path, kind);
        const half = await clients.half();
        const endings = clients.whole(MANY);
        const silent = await clients.silent();
        await until(() => serving.stats.active === MANY);
        stop.abort();
        // The bound is over.
        await silent.ending;
        await turns(20);
        assert.equal(serving.stats.active, MANY);
        open();
        await assertServed(endings);
        const { completed, stragglers } = await over();
        assert.equal(completed, MANY);
        assert.deepEqual(kindsOf(stragglers), ['handshake', 'handshake']);
        await half.ending;
      }),
    needs,
  );

  test(
    `serves or lists each of ${MANY} handshakes that are in progress at the abort (${name})`,
    () =>
      atUnixSocket(async (path) => {
        const { clients, stop, open, over } = await serveAt(path, kind);
        const endings = clients.whole(MANY);
        await until(() => clients.accepted() === MANY);
        stop.abort();
        open();
        const { completed, stragglers } = await over();
        const texts = (await Promise.all(endings)).map(({ text }) => text);
        assert.equal(texts.filter((text) => text.includes('served')).length, completed);
        assert.ok(stragglers.every(({ kind: of }) => of === 'handshake'));
        assert.equal(completed + stragglers.length, MANY);
      }),
    { cannot: kind.isHttp ? [limits.httpNewcomers, limits.exactLastCall] : limits.exactLastCall },
  );

  test(
    `serves ${MANY} handshakes beside them to the end with drain (${name})`,
    () =>
      atUnixSocket(async (path) => {
        const { server, active, open } = handled(kind);
        const clients = unixClients(server, path, kind);
        const { stop, over } = await drainScene(server, { path, grace: 500 });
        const half = await clients.half();
        const endings = clients.whole(MANY);
        const silent = await clients.silent();
        await until(() => active() === MANY);
        stop.abort();
        await until(() => !server.listening);
        open();
        await assertServed(endings);
        const { finished, forced } = await over();
        assert.deepEqual({ finished, forced }, { finished: MANY, forced: 2 });
        for (const { ending } of [half, silent]) await ending;
      }),
    needs,
  );

  test(
    `lists those that drain ends at grace as handshakes (${name})`,
    () =>
      atUnixSocket(async (path) => {
        const { server } = handled(kind);
        const clients = unixClients(server, path, kind);
        const { stop, over } = await drainScene(server, { path, grace: 100 });
        const raw = [await clients.half(), await clients.silent()];
        stop.abort();
        const { stragglers } = await over();
        for (const { ending } of raw) await ending;
        assert.deepEqual(kindsOf(stragglers), ['handshake', 'handshake']);
      }),
    needs,
  );

  test(
    `leaves no handshake open with acceptLoop where nothing was handed out (${name})`,
    () =>
      atUnixSocket(async (path) => {
        const server = kind.create();
        const clients = unixClients(server, path, kind);
        await listening(server, path);
        const stop = new AbortController();
        const loop = acceptLoop(server, stop.signal);
        const raw = [await clients.half(), await clients.silent()];
        stop.abort();
        assert.equal((await loop.next()).done, true);
        // What was destroyed says so in the next turn.
        await turns(20);
        const open = await connectionsOf(server);
        for (const { socket } of raw) socket.destroy();
        for (const { ending } of raw) await ending;
        assert.equal(open, 0);
      }),
    needs,
  );

  test(
    `cuts none of ${MANY} with acceptLoop that it has handed out (${name})`,
    () =>
      atUnixSocket(async (path) => {
        const server = kind.create();
        const clients = unixClients(server, path, kind);
        const before = listenersOn(server);
        const closed = once(server, 'close');
        await listening(server, path);
        const stop = new AbortController();
        const loop = acceptLoop(server, stop.signal);
        const half = await clients.half();
        const endings = clients.whole(MANY);
        const silent = await clients.silent();
        const connections: unknown[] = [];
        while (connections.length < MANY) connections.push((await loop.next()).value);
        stop.abort();
        assert.equal((await loop.next()).done, true);
        await silent.ending;
        for (const connection of connections) answer(connection);
        await assertServed(endings);
        assertConserved(loop.stats);
        assert.equal(loop.stats.yielded, MANY);
        half.socket.destroy();
        await half.ending;
        await closed;
        assert.deepEqual(listenersOn(server), before);
        assert.equal(abortListeners(stop.signal), 0);
      }),
    needs,
  );
}

test.run();
