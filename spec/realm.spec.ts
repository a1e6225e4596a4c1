import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer, type Server } from 'node:net';
import { runInContext } from 'node:vm';
import { transformSync } from 'esbuild';
import { drain as drainHere } from 'accept-loop';
import { abortListeners, listenersOn } from './support/listeners.ts';
import { makeRealm, type Realm } from './support/realm.ts';
import { connect, listening, readToEnd } from './support/sockets.ts';
import { suite } from './support/suite.ts';
import { until } from './support/turns.ts';
import { collectWarnings } from './support/warnings.ts';

const test = suite('in a realm without Symbol.dispose');

function nothing(): void {}

/** As code that was compiled for such a realm reads a method's name: that of esbuild, Babel and SWC. */
function keyOf(realm: Realm, name: 'dispose' | 'asyncDispose'): symbol {
  return realm.Symbol[name] ?? Symbol.for(`Symbol.${name}`);
}

function methodOf(realm: Realm, name: 'dispose' | 'asyncDispose', of: object): () => unknown {
  const method: unknown = Reflect.get(of, keyOf(realm, name));
  assert.equal(typeof method, 'function', name);
  return () => Reflect.apply(method as () => unknown, of, []);
}

function open(): Promise<Server> {
  return listening(createServer());
}

test('is the realm of these specs', () => {
  const realm = makeRealm();
  assert.equal('dispose' in realm.Symbol, false);
  assert.equal(realm.Symbol.asyncDispose, undefined);
  assert.notEqual(realm.Error, Error);
});

test('serve() serves, and stops', async () => {
  const { serve } = makeRealm().acceptLoop;
  const stop = new AbortController();
  const server = await listening(createServer());
  const before = listenersOn(server);
  const serving = serve(server, async (socket) => void socket.end('hello'), stop.signal);
  const { ending } = await connect(server);
  assert.equal((await ending).text, 'hello');
  stop.abort();
  const { completed } = await serving.finished;
  assert.deepEqual([completed, server.listening], [1, false]);
  assert.deepEqual(listenersOn(server), before);
  assert.equal(abortListeners(stop.signal), 0);
});

test('every function that takes a signal leaves it when it ends first', async () => {
  const { acceptLoop, delaySignal, drain, listen, serve, taskGroup } = makeRealm().acceptLoop;
  const { signal } = new AbortController();
  await acceptLoop(await open(), { signal }).return();
  await serve(await open(), () => {}, { signal }).stop();
  const handled = await listening(createHttp());
  const drained = drain(handled, { signal, idle: 0 });
  handled.close();
  await drained;
  const listened = await listen(createServer(), { port: 0, host: '127.0.0.1' }, { signal });
  listened.close();
  assert.equal(await taskGroup(async () => 'done', { signal }), 'done');
  methodOf(makeRealm(), 'dispose', delaySignal(signal, 1000))();
  assert.equal(abortListeners(signal), 0);
});

for (const [title, prelude] of [
  ['the registered symbols, which compiled code looks for', ''],
  ['a polyfill', 'for (const key of ["dispose", "asyncDispose"]) Symbol[key] = Symbol(key);'],
] as const) {
  test(`all that is disposable is so by ${title}`, async () => {
    const realm = makeRealm({}, prelude);
    const { acceptLoop, delaySignal, serve, shutdownSignal } = realm.acceptLoop;
    const { signal } = new AbortController();
    const before = process.listenerCount('SIGTERM');
    const told = shutdownSignal();
    assert.equal(process.listenerCount('SIGTERM'), before + 1);
    methodOf(realm, 'dispose', told)();
    assert.equal(process.listenerCount('SIGTERM'), before);
    methodOf(realm, 'dispose', delaySignal(signal, 1000))();
    assert.equal(abortListeners(signal), 0);
    const served = await listening(createServer());
    await methodOf(
      realm,
      'asyncDispose',
      serve(served, () => {}),
    )();
    const looped = await listening(createServer());
    const loop = acceptLoop(looped);
    assert.equal(await methodOf(realm, 'asyncDispose', loop)(), undefined);
    assert.equal((await loop.next()).done, true);
    assert.deepEqual([served.listening, looped.listening], [false, false]);
    const names = [loop, told, serve(createServer(), () => {}, AbortSignal.abort())];
    for (const thing of names) assert.equal('undefined' in thing, false);
  });
}

test('`using` works as a compiler for such a realm leaves it', async () => {
  const realm = makeRealm();
  const source = `async ({ acceptLoop, serve, shutdownSignal }, [one, other]) => {
    using signal = shutdownSignal();
    await using loop = acceptLoop(one);
    await using serving = serve(other, () => {});
    return [signal.aborted, one.listening, other.listening];
  }`;
  const { code } = transformSync(`(${source})`, { target: 'es2022' });
  const run = runInContext(code, realm) as (...given: unknown[]) => Promise<boolean[]>;
  const servers = [await open(), await open()];
  const before = process.listenerCount('SIGTERM');
  assert.deepEqual([...(await run(realm.acceptLoop, servers))], [false, true, true]);
  assert.deepEqual(
    servers.map(({ listening: isListening }) => isListening),
    [false, false],
  );
  assert.equal(process.listenerCount('SIGTERM'), before);
});

test('a polyfill that comes after the package is heard of, too', async () => {
  const realm = makeRealm();
  Object.assign(realm.Symbol, { dispose: Symbol('later'), asyncDispose: Symbol('later') });
  const { acceptLoop, shutdownSignal } = realm.acceptLoop;
  methodOf(realm, 'dispose', shutdownSignal())();
  const server = await listening(createServer());
  await methodOf(realm, 'asyncDispose', acceptLoop(server))();
  await once(server, 'close');
});

/** A `net.Server` of somebody else's making: known by what it can do, and by nothing that it is. */
class OtherServer extends EventEmitter {
  readonly #server = createServer((socket) => void this.emit('connection', socket));
  get listening(): boolean {
    return this.#server.listening;
  }
  listen(): void {
    this.#server.listen(0, '127.0.0.1', () => this.emit('listening'));
  }
  address(): unknown {
    return this.#server.address();
  }
  getConnections(callback: (error: Error | null, count: number) => void): void {
    this.#server.getConnections(callback);
  }
  close(): void {
    this.#server.close(() => this.emit('close'));
  }
}

test('a server is known by its shape', async () => {
  const { serve } = makeRealm().acceptLoop;
  const server = new OtherServer() as unknown as Server;
  server.listen();
  await once(server, 'listening');
  const serving = serve(server, async (socket) => void socket.end('hello'));
  const { ending } = await connect(server);
  assert.equal((await ending).text, 'hello');
  assert.equal((await serving.stop()).completed, 1);
});

test("an error of the realm's handler is told of without onError, as Node takes none of its own", async () => {
  const realm = makeRealm();
  const server = await listening(createServer());
  const serving = realm.acceptLoop.serve(server, async () => {
    throw new realm.Error('of another realm');
  });
  const { warnings, stopCollecting } = collectWarnings();
  await readToEnd(server);
  assert.equal((await serving.stop()).failed, 1);
  await until(() => warnings.length > 0);
  stopCollecting();
  assert.match(warnings[0]?.message ?? '', /of another realm/);
});

/** Like that of jsdom: none of its classes are Node's, and `events` does not know them. */
const otherSignals = `
  class OtherSignal {
    aborted = false;
    reason = undefined;
    listeners = new Set();
    addEventListener(type, listener) { this.listeners.add(listener); }
    removeEventListener(type, listener) { this.listeners.delete(listener); }
  }
  globalThis.AbortSignal = OtherSignal;
  globalThis.AbortController = class {
    signal = new OtherSignal();
    abort(reason) {
      if (this.signal.aborted) return;
      Object.assign(this.signal, { aborted: true, reason });
      for (const listener of [...this.signal.listeners]) {
        this.signal.listeners.delete(listener);
        listener.call(this.signal, { type: 'abort', target: this.signal });
      }
    }
  };
`;

test('its signals may be of its own making', async () => {
  const realm = makeRealm({}, otherSignals);
  const { delaySignal, serve, taskGroup } = realm.acceptLoop;
  const stop = new (realm['AbortController'] as typeof AbortController)();
  const server = await listening(createServer());
  const aborts: unknown[] = [];
  const serving = serve(
    server,
    async (socket, { draining, signal }) => {
      signal.addEventListener('abort', () => aborts.push('signal'));
      await new Promise((resolve) => draining.addEventListener('abort', resolve));
      socket.end('goodbye');
    },
    { signal: delaySignal(stop.signal, 0) },
  );
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  const group = taskGroup(({ signal }) => signal.aborted, { signal: stop.signal });
  assert.equal(await group, false);
  stop.abort('enough');
  assert.equal((await ending).text, 'goodbye');
  assert.equal((await serving.finished).completed, 1);
  assert.deepEqual(aborts, []);
  const { listeners } = stop.signal as unknown as { listeners: Set<unknown> };
  assert.equal(listeners.size, 0);
});

/** Timers as jsdom has them: `setTimeout` gives a number, and there is no `setImmediate`. */
const browserTimers = `
  const timers = new Map();
  let last = 0;
  const remember = (timer) => (timers.set(++last, timer), last);
  const { setTimeout, setInterval, clearTimeout } = globalThis;
  globalThis.setTimeout = (...given) => remember(setTimeout(...given));
  globalThis.setInterval = (...given) => remember(setInterval(...given));
  globalThis.clearTimeout = globalThis.clearInterval = (id) => clearTimeout(timers.get(id));
  delete globalThis.setImmediate;
  delete globalThis.clearImmediate;
`;

test('its timers may be those of a browser', async () => {
  const { acceptLoop, delaySignal, serve } = makeRealm({}, browserTimers).acceptLoop;
  const stop = new AbortController();
  const server = await listening(createServer());
  const signal = delaySignal(stop.signal, 1);
  const serving = serve(server, async (socket) => void socket.end('hello'), { signal });
  const { ending } = await connect(server);
  assert.equal((await ending).text, 'hello');
  stop.abort();
  assert.equal((await serving.finished).completed, 1);
  const loop = acceptLoop(await listening(createServer()));
  await loop.return();
});

test('two copies overhear one server, and neither takes the other for somebody', async () => {
  const server = await listening(createHttp());
  const before = listenersOn(server);
  const { signal } = new AbortController();
  const drains = [drainHere, makeRealm().acceptLoop.drain].map((each) => each(server, { signal }));
  for (const event of ['upgrade', 'connect', 'checkContinue', 'checkExpectation']) {
    server.on(event, nothing).off(event, nothing);
    assert.equal(server.listenerCount(event), 0, event);
  }
  await Promise.all(drains.map((each) => each.stop()));
  assert.deepEqual(listenersOn(server), before);
});

test.run();
