import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { acceptLoop } from 'accept-loop';
import { listenersOn } from '../support/listeners.ts';
import { suite } from '../support/suite.ts';

const test = suite('bad input');

/** As JavaScript calls it. */
const accept = acceptLoop as (...args: unknown[]) => AsyncIterator<unknown>;

test('that is no server is named', () => {
  const wanted =
    'Cannot accept connections: "server" must be a net, tls, http, https, http2 or WebSocket ' +
    'server, or an emitter with the option "event", received ';
  const cases: [unknown, string][] = [
    [undefined, 'undefined'],
    [null, 'null'],
    [8000, '8000'],
    ['localhost', "'localhost': give its server"],
    [{}, '{}'],
    [() => {}, '[Function (anonymous)]'],
  ];
  for (const [server, received] of cases) {
    const message = wanted + received;
    assert.throws(() => accept(server), { name: 'TypeError', message });
  }
  assert.throws(() => accept(new EventEmitter()), { name: 'TypeError' });
});

for (const [option, value, name, message] of [
  ['signal', {}, 'TypeError', '"signal" must be an AbortSignal, received {}'],
  [
    'signal',
    { aborted: false, addEventListener: 1 },
    'TypeError',
    '"signal" must be an AbortSignal, received { aborted: false, addEventListener: 1 }',
  ],
  ['signal', null, 'TypeError', '"signal" must be an AbortSignal, received null'],
  ['maxQueued', -1, 'RangeError', /"maxQueued" must be a whole number of 0 or more.*received -1$/],
  ['maxQueued', 1.5, 'RangeError', /"maxQueued" must be a whole number.* received 1\.5$/],
  ['maxQueued', NaN, 'RangeError', /"maxQueued" must be a whole number.* received NaN$/],
  ['maxQueued', '5', 'TypeError', /"maxQueued" must be a whole number.* received '5'$/],
  ['maxQueued', null, 'TypeError', /"maxQueued" must be a whole number.* received null$/],
  ['event', 5, 'TypeError', '"event" must be the name of an event, received 5'],
] as const) {
  test(`{ ${option}: ${inspect(value)} } is a ${name}, and nothing is attached`, () => {
    const server = createServer();
    const before = listenersOn(server);
    const expected =
      typeof message === 'string' ? `Cannot accept connections: ${message}` : message;
    assert.throws(() => accept(server, { [option]: value }), { name, message: expected });
    assert.deepEqual(listenersOn(server), before);
  });
}

test('for the options themselves is named', () => {
  for (const options of [null, 5, 'signal']) {
    assert.throws(() => accept(createServer(), options), {
      name: 'TypeError',
      message: /"options" must be an object or an AbortSignal, received/,
    });
  }
});

test('leaves a good call possible', async () => {
  const server = createServer();
  assert.throws(() => accept(server, { maxQueued: -1 }));
  const options = { signal: undefined, maxQueued: Infinity, event: undefined };
  await acceptLoop(server, options).return();
});

test.run();
