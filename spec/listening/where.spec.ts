import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createServer, type Server } from 'node:net';
import { inspect } from 'node:util';
import { listen } from '../../lib/listen.ts';
import { abortListeners, listenersOn } from '../support/listeners.ts';
import { suite } from '../support/suite.ts';

const test = suite('where to listen');

/** As JavaScript calls it. */
const listenTo = listen as (...args: unknown[]) => Promise<unknown>;

/** What `server.listen()` is called with, of a server that never gets further. */
async function passedOn(where: unknown): Promise<unknown[]> {
  const server = createServer();
  let passed: unknown[] = [];
  const stop = new Error('far enough');
  server.listen = (...args: unknown[]): Server => {
    passed = args;
    throw stop;
  };
  await assert.rejects(listenTo(server, where), (error) => error === stop);
  return passed;
}

const reusing = { port: 80, host: '::', reusePort: true, exclusive: true, ipv6Only: true };
const handle = {};
for (const [where, passed] of [
  [0, { port: 0 }],
  [65_535, { port: 65_535 }],
  ['0', { port: 0 }],
  ['8080', { port: 8080 }],
  ['00080', { port: 80 }],
  [reusing, reusing],
  [{ port: '8080' }, { port: 8080 }],
  [{ port: 0, host: undefined }, { port: 0 }],
  // Not for Node: it takes what Number() takes for a port.
  ['1e3', { path: '1e3' }],
  ['0x50', { path: '0x50' }],
  ['-1', { path: '-1' }],
  [' ', { path: ' ' }],
  ['./a.sock', { path: './a.sock' }],
  ['\0name\0', { path: '\0name\0' }],
  [
    { path: 'a.sock', readableAll: true },
    { path: 'a.sock', readableAll: true },
  ],
  // For Node, a port of its own choice.
  [{ path: 'a.sock', port: undefined }, { path: 'a.sock' }],
  [{ fd: 0, port: undefined }, { fd: 0 }],
  [
    { fd: 3, name: 'web' },
    { fd: 3, name: 'web' },
  ],
  [{ handle }, { handle }],
] as const) {
  test(`may be ${inspect(where)}`, async () => {
    assert.deepEqual(await passedOn(where), [passed, 4096]);
  });
}

test('has the backlog of its own', async () => {
  for (const where of [{ port: 0 }, { path: 'a.sock' }, { fd: 3 }]) {
    const given = { ...where, backlog: 7 };
    assert.deepEqual(await passedOn(given), [given, 7]);
    assert.deepEqual(await passedOn({ ...where, backlog: undefined }), [where, 4096]);
  }
});

test("stays the caller's, as it was", async () => {
  const where = Object.freeze({ port: 0, host: undefined });
  const [passed] = await passedOn(where);
  assert.notEqual(passed, where);
});

const port = 'must be a port from 0 to 65535, received';
const any = '"where" must be a port, the path of a Unix socket, or listen options, received';
const some = '"where" must be listen options with a port, a path or an fd, received';
const path = 'must be the path of a Unix socket, received';
const fd = '"where.fd" must be a file descriptor: a whole number of 0 or more, received';
const nul = 'must be a path without NUL, or NUL and an abstract name, received';
const aborted = '"where.signal" must be left out, and given in the options: ';
for (const [where, name, message] of [
  [undefined, 'TypeError', `${any} undefined`],
  [null, 'TypeError', `${any} null`],
  [true, 'TypeError', `${any} true`],
  ['', 'TypeError', `${any} ''`],
  [[8080], 'TypeError', `${any} [ 8080 ]`],
  [8080n, 'TypeError', `${any} 8080n`],
  [() => {}, 'TypeError', `${any} [Function (anonymous)]`],
  [-1, 'RangeError', `"where" ${port} -1`],
  [0.5, 'RangeError', `"where" ${port} 0.5`],
  [NaN, 'RangeError', `"where" ${port} NaN`],
  [Infinity, 'RangeError', `"where" ${port} Infinity`],
  [65_536, 'RangeError', `"where" ${port} 65536`],
  ['65536', 'RangeError', `"where" ${port} '65536'`],
  [{}, 'TypeError', `${some} {}`],
  [{ host: '::' }, 'TypeError', `${some} { host: '::' }`],
  [{ port: undefined }, 'TypeError', `${some} { port: undefined }`],
  [{ port: null, path: 'a' }, 'TypeError', `"where.port" ${port} null`],
  [{ port: '' }, 'TypeError', `"where.port" ${port} ''`],
  [{ port: ' 80' }, 'TypeError', `"where.port" ${port} ' 80'`],
  [{ port: true }, 'TypeError', `"where.port" ${port} true`],
  [{ port: NaN }, 'RangeError', `"where.port" ${port} NaN`],
  [{ port: 65_536 }, 'RangeError', `"where.port" ${port} 65536`],
  [{ port: '99999' }, 'RangeError', `"where.port" ${port} '99999'`],
  [{ path: '' }, 'TypeError', `"where.path" ${path} ''`],
  [{ path: 5 }, 'TypeError', `"where.path" ${path} 5`],
  [{ path: null }, 'TypeError', `"where.path" ${path} null`],
  [{ fd: '3' }, 'TypeError', `${fd} '3'`],
  [{ fd: null }, 'TypeError', `${fd} null`],
  [{ fd: -1 }, 'RangeError', `${fd} -1`],
  [{ fd: 1.5 }, 'RangeError', `${fd} 1.5`],
  ['a\0b', 'RangeError', `"where" ${nul} 'a\\x00b'`],
  [{ path: 'a\0' }, 'RangeError', `"where.path" ${nul} 'a\\x00'`],
  [
    { port: 0, signal: null },
    'TypeError',
    `${aborted}listen(server, where, { signal }), received null`,
  ],
] as const) {
  test(`${inspect(where)} is a ${name}, and nothing is touched`, async () => {
    const server = createServer();
    const before = listenersOn(server);
    server.listen = (): Server => assert.fail('told to listen');
    const stop = new AbortController();
    const call = listenTo(server, where, stop);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(stop.signal), 0);
    await assert.rejects(call, { name, message: `Cannot listen: ${message}` });
  });
}

test('with a signal in it is refused, and says where it belongs', async () => {
  const stop = new AbortController();
  await assert.rejects(listenTo(createServer(), { port: 0, signal: stop.signal }), {
    name: 'TypeError',
    message: /"where.signal" .*listen\(server, where, \{ signal \}\), received AbortSignal/,
  });
  assert.equal(abortListeners(stop.signal), 0);
});

/** How long a path may be here. */
const most = process.platform === 'linux' ? 107 : 103;

test('may be a path as long as the system has room for, in bytes', async () => {
  for (const longest of ['x'.repeat(most), `x${'é'.repeat((most - 1) / 2)}`]) {
    assert.deepEqual(await passedOn(longest), [{ path: longest }, 4096]);
  }
});

test('names the limit and the length of a path that is too long', async () => {
  for (const [long, bytes] of [
    ['x'.repeat(most + 1), most + 1],
    [`xx${'é'.repeat((most - 1) / 2)}`, most + 1],
    [`\0${'x'.repeat(199)}`, 200],
  ] as const) {
    const wanted = `must be a path of at most ${most} bytes, not ${bytes}, received '`;
    for (const [where, option] of [
      [long, 'where'],
      [{ path: long }, 'where.path'],
    ] as const) {
      await assert.rejects(listenTo(createServer(), where), (error) => {
        assert.ok(error instanceof RangeError);
        assert.ok(error.message.startsWith(`Cannot listen: "${option}" ${wanted}`), error.message);
        return true;
      });
    }
  }
});

test('comes after the server, which is checked first', async () => {
  const wanted = '"server" must be a net, tls, http, https or http2 server, received';
  for (const server of [
    undefined,
    null,
    8080,
    {},
    new EventEmitter(),
    Object.assign(new EventEmitter(), { listen() {}, close() {} }),
    Object.assign(new EventEmitter(), { close() {}, listening: false }),
  ]) {
    await assert.rejects(listenTo(server, undefined), (error) => {
      assert.ok(error instanceof TypeError);
      assert.ok(error.message.startsWith(`Cannot listen: ${wanted}`), error.message);
      return true;
    });
  }
});

test('comes before the options', async () => {
  for (const [options, message] of [
    [null, '"options" must be an object or an AbortSignal, received null'],
    [5, '"options" must be an object or an AbortSignal, received 5'],
    [{ signal: null }, '"signal" must be an AbortSignal, received null'],
    [{ signal: {} }, '"signal" must be an AbortSignal, received {}'],
  ] as const) {
    const server = createServer();
    await assert.rejects(listenTo(server, 0, options), {
      name: 'TypeError',
      message: `Cannot listen: ${message}`,
    });
    assert.equal(server.listening, false);
  }
});

test.run();
