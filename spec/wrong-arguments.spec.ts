import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createServer, type Server } from 'node:http';
import { acceptLoop, delaySignal, drain, listen, serve, taskGroup } from 'accept-loop';
import { createServer as createNetServer } from 'node:net';
import express from 'express';
import { fastify } from 'fastify';
import { server as hapi } from '@hapi/hapi';
import { Hono } from 'hono';
import Koa from 'koa';
import { WebSocketServer } from 'ws';
import { abortListeners, listenersOn } from './support/listeners.ts';
import { listening } from './support/sockets.ts';
import { suite } from './support/suite.ts';

const test = suite('a wrong argument');

type Call = (server: unknown, options?: unknown) => unknown;

/** As JavaScript calls them. */
const calls = {
  acceptLoop: acceptLoop as Call,
  serve: (server: unknown, options: unknown) =>
    (serve as (...args: unknown[]) => unknown)(server, () => {}, options),
  drain: drain as Call,
  listen: (server: unknown, options: unknown) =>
    (listen as (...args: unknown[]) => unknown)(server, 0, options),
  taskGroup: (_server: unknown, options: unknown) =>
    (taskGroup as (...args: unknown[]) => unknown)(() => assert.fail('begun'), options),
};

/** Asserts that a call fails with one short line and touches nothing. */
async function assertRefused(
  call: () => unknown,
  server: Server,
  message: string | RegExp,
): Promise<void> {
  const before = listenersOn(server);
  const isListening = server.listening;
  const refusal = (async () => void (await call()))();
  await assert.rejects(refusal, (error) => {
    assert.ok(error instanceof TypeError);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    assert.ok(error.message.length < 300, `${error.message.length} characters`);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
  assert.deepEqual(listenersOn(server), before);
  assert.equal(server.listening, isListening);
}

const known = {
  acceptLoop: ['Cannot accept connections', 'signal, maxQueued, event'],
  serve: [
    'Cannot serve',
    'signal, maxQueued, event, concurrency, grace, idle, linger, flush, quiet, isBusy, onError',
  ],
  drain: ['Cannot drain', 'signal, grace, idle, quiet, isBusy'],
  listen: ['Cannot listen', 'signal'],
  taskGroup: ['Cannot run a task group', 'signal'],
};
for (const name of ['acceptLoop', 'serve', 'drain', 'listen', 'taskGroup'] as const) {
  test(`is an option that ${name}() does not know`, async () => {
    const server = createServer();
    const { signal } = new AbortController();
    const [failure, names] = known[name];
    const wanted = `${failure}: "options" must be an object with no other keys than ${names}`;
    for (const value of [signal, undefined]) {
      const call = (): unknown => calls[name](server, { singal: value });
      await assertRefused(call, server, `${wanted}, received 'singal'`);
    }
    const both = (): unknown => calls[name](server, { signal, graze: 5 });
    await assertRefused(both, server, `${wanted}, received 'graze'`);
    assert.equal(abortListeners(signal), 0);
  });
}

test('is a `quiet` of a server whose connections are not sockets', async () => {
  const wanted = '"quiet" must be left out for a server whose connections are not sockets';
  for (const [call, failure] of [
    [calls.serve, 'Cannot serve'],
    [calls.drain, 'Cannot drain'],
  ] as const) {
    const server = createServer();
    const http = (): unknown => call(server, { quiet: 500 });
    await assertRefused(http, server, `${failure}: ${wanted}, received 500: HTTP has "idle"`);
    const webSockets = new WebSocketServer({ noServer: true });
    const webSocket = (): unknown => call(webSockets, { quiet: 0 });
    await assertRefused(webSocket, server, `${failure}: ${wanted}, received 0`);
    for (const quiet of ['500', null]) {
      const odd = (): unknown => call(createNetServer(), { quiet });
      await assertRefused(odd, server, /"quiet" must be a number of milliseconds/);
    }
    const busy = (): unknown => call(createNetServer(), { quiet: 5, isBusy: true });
    await assertRefused(busy, server, `${failure}: "isBusy" must be a function, received true`);
  }
  const emitter = new EventEmitter();
  const event = (): unknown => calls.serve(emitter, { event: 'connection', quiet: 5 });
  await assertRefused(event, createServer(), `Cannot serve: ${wanted}, received 5`);
  assert.deepEqual(emitter.eventNames(), []);
  await serve(createServer(), () => {}, { quiet: Infinity }).stop();
});

test('is what stop() does not know, and the serving goes on', async () => {
  const server = await listening(createServer());
  const serving = serve(server, () => {});
  const stop = (options: unknown): unknown => serving.stop(options as { grace?: number });
  const wanted = '"options" must be an object';
  for (const [options, message] of [
    [{ grce: 0 }, `${wanted} with no other keys than grace, received 'grce'`],
    [AbortSignal.abort(), /no other keys than grace, received AbortSignal/],
    [5000, `${wanted}, received 5000`],
    [null, `${wanted}, received null`],
    [{ grace: '5' }, /^Cannot serve: "grace" must be a number of milliseconds/],
  ] as const) {
    const expected = typeof message === 'string' ? `Cannot serve: ${message}` : message;
    await assertRefused(() => stop(options), server, expected);
  }
  assert.equal(server.listening, true);
  await stop({ grace: undefined });
});

test('is a signal in the place of the options of taskGroup()', async () => {
  const { signal } = new AbortController();
  const call = (): unknown => calls.taskGroup(undefined, signal);
  await assertRefused(
    call,
    createServer(),
    /^Cannot run a task group: "options" must be an object/,
  );
  assert.equal(abortListeners(signal), 0);
});

test('is an undefined signal, by which drain() would begin at once', async () => {
  const server = await listening(createServer());
  const wanted = 'must be an AbortSignal, or left out to begin at once, received undefined';
  for (const [options, name] of [
    [{ signal: undefined }, 'signal'],
    [{ signal: undefined, grace: 5 }, 'signal'],
    [undefined, 'options'],
  ] as const) {
    const call = (): unknown => calls.drain(server, options);
    await assertRefused(call, server, `Cannot drain: "${name}" ${wanted}`);
  }
  await drain(server, { grace: undefined, idle: 0 });
  await drain(server);
});

test('is no undefined option of the others', async () => {
  const server = createServer();
  await acceptLoop(server, { signal: undefined, maxQueued: undefined }).return();
  await serve(server, () => {}, { signal: undefined, onError: undefined }).stop();
  assert.equal(await taskGroup(() => 5, { signal: undefined }), 5);
  await listen(server, 0, { signal: undefined });
  server.close();
});

const io = Object.assign(new EventEmitter(), { httpServer: createServer() });
const nest = { httpServer: createServer(), getHttpServer: createServer, listen: createServer };
/** What else is passed in place of a server, with the hint; for `listen` it may be another. */
const mistakes: [what: string, given: unknown, hint: string, listenHint?: string][] = [
  ['an application of Express', express(), 'give what listen() returned', 'give createServer(app)'],
  ['an application of Koa', new Koa(), 'give what listen() returned', 'give createServer(app)'],
  ['an application of Fastify', fastify(), 'give app.server'],
  ['an application of Hono', new Hono(), 'give its server'],
  ['a server of hapi', hapi(), 'give server.listener'],
  ['an application as of NestJS', nest, 'give app.getHttpServer()'],
  ['an application as of Socket.IO', io, 'give io.httpServer'],
  ['a promise', Promise.resolve(createServer()), 'await it'],
  ['an address', 'http://127.0.0.1:3000', 'give its server'],
];
for (const [what, given, drainHint, listenHint = drainHint] of mistakes) {
  test(`is ${what}, and the error says what to give instead`, async () => {
    const server = createServer();
    const { signal } = new AbortController();
    for (const [call, hint] of [
      [calls.drain, drainHint],
      [calls.acceptLoop, drainHint],
      [calls.serve, drainHint],
      [calls.listen, listenHint],
    ] as const) {
      const escaped = hint.replaceAll(/[().]/g, (character) => `\\${character}`);
      const hinted = new RegExp(`"server" must be a net, .*, received .*: ${escaped}$`);
      await assertRefused(() => call(given, { signal }), server, hinted);
    }
    assert.equal(abortListeners(signal), 0);
  });
}

function fails(): never {
  throw new Error('resists');
}

test('is an application whose server cannot be looked at, and no hint is given', async () => {
  const resists = new Proxy(new EventEmitter(), { has: fails });
  const application = { server: resists };
  const server = createServer();
  for (const call of [calls.drain, calls.acceptLoop, calls.serve, calls.listen]) {
    const plain = /"server" must be .*, received \{ server: .*EventEmitter[\])]+ \}$/;
    await assertRefused(() => call(application, {}), server, plain);
  }
});

/** What fails when it is looked at, in each its own way. */
function resistant(): [string, unknown][] {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const traps = { get: fails, has: fails, ownKeys: fails, getOwnPropertyDescriptor: fails };
  return [
    ['a revoked proxy', revoked.proxy],
    ['a proxy whose traps throw', new Proxy({}, traps)],
    ['what throws when it is inspected', { [Symbol.for('nodejs.util.inspect.custom')]: fails }],
    ['getters that throw', Object.defineProperty({}, 'on', { get: fails, enumerable: true })],
    ['a name that throws', Object.defineProperty({}, Symbol.toStringTag, { get: fails })],
    [
      'many fields',
      Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [index, fails])),
    ],
    ['a long text', 'text\n'.repeat(50_000)],
    ['a long list', Array.from({ length: 50_000 }, () => 'item')],
    ['a large number', 10n ** 5000n],
    ['an error with a long stack', new Error('lines\n'.repeat(500))],
  ];
}
for (const [name, value] of resistant()) {
  test(`is ${name}, and the error is one short line all the same`, async () => {
    const server = createServer();
    for (const call of [calls.acceptLoop, calls.serve, calls.drain, calls.listen]) {
      await assertRefused(() => call(value), server, /"server" must be a net, .*received /);
      await assertRefused(() => call(server, { signal: value }), server, /"signal" must be an/);
    }
    for (const call of Object.values(calls)) {
      await assertRefused(() => call(server, { [name]: value }), server, /no other keys/);
    }
    const listenTo = listen as (...args: unknown[]) => Promise<unknown>;
    // A long text is a path, and its length a matter of range.
    const places = typeof value === 'string' ? [] : [value, { path: value }];
    for (const where of [...places, { port: value }, { fd: value }]) {
      await assertRefused(() => listenTo(server, where), server, /"where/);
    }
    const delay = delaySignal as (...args: unknown[]) => unknown;
    await assertRefused(() => delay(value, 5), server, /"signal" must be an AbortSignal, received/);
    await assertRefused(() => delay(AbortSignal.abort(), value), server, /"milliseconds" must be/);
  });
}

for (const [name, signal] of Object.entries({
  'no removeEventListener()': { aborted: false, addEventListener() {} },
  'an addEventListener() that throws': {
    aborted: false,
    addEventListener: fails,
    removeEventListener() {},
  },
})) {
  test(`is a signal that has ${name}`, async () => {
    const server = await listening(createServer());
    for (const call of Object.values(calls)) {
      await assertRefused(() => call(server, { signal }), server, /"signal" must be an AbortSig/);
    }
    const wanted = /"signal" must be an AbortSignal, received/;
    await assertRefused(() => delaySignal(signal as never, 5), server, wanted);
    await serve(server, () => {}).stop();
  });
}

for (const [name, options] of resistant().slice(0, 2)) {
  test(`is ${name} in the place of the options`, async () => {
    const server = createServer();
    for (const call of Object.values(calls)) {
      await assertRefused(() => call(server, options), server, /"options" must be an object/);
    }
  });
}

test.run();
