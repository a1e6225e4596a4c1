import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, ServerResponse } from 'node:http';
import { acceptLoop } from 'accept-loop';
import { held, told } from '../../support/drain-scene.ts';
import { type HttpKind, httpKinds, say } from '../../support/http-kinds.ts';
import { answersIn, get, saysClose } from '../../support/http-messages.ts';
import { httpStops, type StopHttp } from '../../support/http-stops.ts';
import { connect, listening, refuses } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';

const test = suite('a handler that sets Connection: keep-alive');

/** Begins an answer whose headers its handler has copied from somewhere. */
type Way = (response: ServerResponse) => unknown;

const cookies = ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'];
const flat = ['Connection', 'keep-alive', 'X-Last', 'c', ...cookies];
const pairs = [
  ['connection', 'Keep-Alive'],
  ['Set-Cookie', 'a=1'],
  ['Set-Cookie', 'b=2'],
];

const copied: Way = (response) => response.setHeader('Connection', 'keep-alive');

const ways: Readonly<Record<string, Way>> = {
  'setHeader()': copied,
  'setHeader() in capitals': (response) => response.setHeader('CONNECTION', 'Keep-Alive'),
  'setHeader() of a list': (response) => response.setHeader('connection', ['keep-alive', 'x-hop']),
  'setHeader() of nothing': (response) => response.setHeader('connection', ''),
  'appendHeader()': (response) => {
    response.appendHeader('connection', 'x-hop').appendHeader('connection', 'keep-alive');
  },
  'setHeaders() of a Map': (response) =>
    response.setHeaders(new Map([['Connection', 'keep-alive, x-hop']])),
  'setHeaders() of Headers': (response) =>
    response.setHeaders(new Headers({ Connection: 'keep-alive' })),
  'setHeader() and flushHeaders()': (response) => {
    response.setHeader('Connection', 'keep-alive');
    response.flushHeaders();
  },
  'removeHeader()': (response) => response.removeHeader('connection'),
  shouldKeepAlive: (response) => {
    response.shouldKeepAlive = true;
  },
  'writeHead() of an object': (response) => response.writeHead(200, { Connection: 'keep-alive' }),
  'writeHead() of an object without it': (response) => response.writeHead(200, { 'x-last': 'c' }),
  'writeHead() of an object and a message': (response) =>
    response.writeHead(200, 'Fine', { CONNECTION: 'keep-alive, x-hop', 'X-Last': 'c' }),
  'writeHead() of an array': (response) => response.writeHead(200, flat),
  'writeHead() of an array without it': (response) => response.writeHead(200, cookies),
  'writeHead() of an array and a message': (response) => response.writeHead(200, 'Fine', flat),
  'writeHead() of pairs': (response) => response.writeHead(200, pairs as never),
  'writeHead() of pairs without it': (response) => response.writeHead(200, pairs.slice(1) as never),
  'writeHead() of two of them': (response) =>
    response.writeHead(200, ['connection', 'x-hop', 'Connection', 'keep-alive']),
  'setHeader() and writeHead() of an array': (response) =>
    response.setHeader('Connection', 'keep-alive').writeHead(200, flat),
  'setHeader() of another and writeHead() of an array': (response) =>
    response.setHeader('X-Last', 'c').writeHead(200, ['Connection', 'keep-alive']),
  'setHeader() and writeHead() without headers': (response) =>
    response.setHeader('Connection', 'keep-alive').writeHead(200),
  'an upgrade that it asks for': (response) =>
    response.writeHead(426, { Connection: 'Upgrade', Upgrade: 'x-hop' }),
  'its own close': (response) => response.setHeader('connection', 'Close'),
  'its own close in a list': (response) =>
    response.writeHead(200, { connection: ['x-hop', 'close'] as never }),
};

/** All headers of an answer but its time and those of the connection. */
function headersOf(answer: string): string[] {
  const [head = ''] = answer.split('\r\n\r\n');
  const lines = head.toLowerCase().split('\r\n');
  return lines.filter((line) => !/^(connection|keep-alive|date|transfer-encoding):/.test(line));
}

/** The options of an answer's `Connection`. */
function optionsOf(answer: string): Set<string> {
  const lines = [...answer.matchAll(/^connection: (.*)\r$/gim)];
  return new Set(lines.flatMap(([, value = '']) => value.toLowerCase().split(', ')));
}

/** What it has to be in a shutdown. */
function withClose(options: Set<string>): Set<string> {
  return new Set([...options, 'close'].filter((option) => !/^(keep-alive)?$/.test(option)));
}

function reply(response: ServerResponse | undefined, way = copied): void {
  assert.ok(response);
  way(response);
  response.end('whole');
}

/** Answers in this way before the stop, and during it. */
async function answersOf(
  way: Way,
  version: string,
  { create, isSecure }: HttpKind,
  stopHttp: StopHttp,
): Promise<{ before: string; during: string }> {
  const { hold, responses, arrived } = held();
  const { server, stop, over } = await stopHttp(create(), hold);
  const ask = (option: string): string =>
    `GET / HTTP/${version}\r\nHost: a\r\nConnection: ${option}\r\n\r\n`;
  const first = say(server, isSecure, ask('close'));
  await arrived(1);
  reply(responses[0], way);
  first.socket.on('data', () => first.socket.end());
  const { text: before } = await first.ending;
  const second = say(server, isSecure, ask('keep-alive'));
  await arrived(2);
  stop.abort();
  await refuses(server);
  reply(responses[1], way);
  const { text: during, by } = await second.ending;
  assert.equal(by, 'end');
  assert.match(during, /whole/);
  await over();
  return { before, during };
}

for (const [stopping, stopHttp] of Object.entries(httpStops)) {
  for (const [name, kind] of Object.entries(httpKinds)) {
    for (const version of ['1.1', '1.0']) {
      test(`says close all the same: ${stopping}, ${name}, HTTP/${version}`, async () => {
        for (const [how, way] of Object.entries(ways)) {
          const { before, during } = await answersOf(way, version, kind, stopHttp);
          assert.deepEqual(optionsOf(during), withClose(optionsOf(before)), `${how}: ${during}`);
          assert.deepEqual(headersOf(during), headersOf(before), how);
        }
      });
    }
  }

  test(`says close, though it was set before the stop: ${stopping}`, async () => {
    const { hold, responses, arrived } = held();
    const { server, stop, over } = await stopHttp(createServer(), hold);
    const { socket, ending } = await connect(server);
    socket.write(get('/'));
    await arrived(1);
    responses[0]?.setHeader('Connection', 'keep-alive');
    stop.abort();
    await refuses(server);
    responses[0]?.end('whole');
    assert.ok(saysClose((await ending).text));
    await over();
  });

  test(`says it in the last of pipelined responses alone: ${stopping}`, async () => {
    const { hold, responses, arrived } = held();
    const { server, stop, over } = await stopHttp(createServer(), hold);
    const { socket, ending } = await connect(server);
    socket.write(get('/1') + get('/2'));
    await arrived(2);
    stop.abort();
    await refuses(server);
    await told(responses[1]);
    socket.write(get('/3'));
    await arrived(3);
    for (const response of responses) reply(response);
    const answers = answersIn((await ending).text);
    assert.deepEqual(answers.map(saysClose), [false, false, true]);
    await over();
  });

  test(`says nothing in an answer that switches protocols: ${stopping}`, async () => {
    const { hold, responses, arrived } = held();
    const { server, stop, over } = await stopHttp(createServer(), hold, { grace: 300 });
    const { socket, ending } = await connect(server);
    socket.write(get('/'));
    await arrived(1);
    stop.abort();
    await refuses(server);
    responses[0]?.writeHead(101, { Connection: 'Upgrade', Upgrade: 'x' }).flushHeaders();
    assert.match(String(await once(socket, 'data')), /101 [^]*connection: upgrade\r\n/i);
    socket.destroy();
    await ending;
    await over();
  });

  test(`says close through an owner's own writeHead(): ${stopping}`, async () => {
    const { hold, responses, arrived } = held();
    const { server, stop, over } = await stopHttp(createServer(), hold);
    const clients = [await connect(server), await connect(server)];
    for (const { socket } of clients) socket.write(get('/'));
    await arrived(2);
    const [own = assert.fail(), moved = assert.fail()] = responses;
    const answer = { writeHead: { value: writeWithOwner, writable: true, configurable: true } };
    Object.defineProperties(own, answer);
    stop.abort();
    await refuses(server);
    // As Express does.
    Object.setPrototypeOf(moved, Object.create(ServerResponse.prototype, answer));
    for (const response of responses) reply(response);
    for (const { ending } of clients) {
      const { text } = await ending;
      assert.ok(saysClose(text), text);
      assert.match(text, /x-owner: me/i);
    }
    await over();
  });

  test(`says close where the owner has locked writeHead(), and warns: ${stopping}`, async () => {
    const { hold, responses, arrived } = held();
    const { server, stop, over } = await stopHttp(createServer(), hold);
    const { socket, ending } = await connect(server);
    socket.write(get('/'));
    await arrived(1);
    const [response = assert.fail()] = responses;
    Object.defineProperty(response, 'writeHead', { value: writeHeadOfNode });
    const warned = once(process, 'warning');
    stop.abort();
    await warned;
    await refuses(server);
    response.end('whole');
    assert.ok(saysClose((await ending).text));
    await over();
  });
}

const writeHeadOfNode = Reflect.get(ServerResponse.prototype, 'writeHead');

/** As a package does that adds headers at the last moment. */
function writeWithOwner(this: ServerResponse, ...args: never[]): ServerResponse {
  this.setHeader('X-Owner', 'me');
  return Reflect.apply(writeHeadOfNode, this, args) as ServerResponse;
}

test('says close to a client of a loop', async () => {
  const stop = new AbortController();
  const server = await listening(createServer());
  const closed = once(server, 'close');
  const loop = acceptLoop(server, { signal: stop.signal });
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  const [, response] = (await loop.next()).value ?? assert.fail();
  stop.abort();
  await told(response);
  reply(response);
  assert.ok(saysClose((await ending).text));
  assert.equal((await loop.next()).done, true);
  await closed;
});

test.run();
