import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { ServeStats } from '../../lib/index.ts';
import { Http1Connection } from '../../lib/protocols/http/http1-connection.ts';
import { sourceFiles } from '../house/imports.ts';
import { get, SWITCHING, upgrade } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { gate, type Scene, scene } from '../support/scene.ts';
import { closeServer, connect, connectAccepted, listening } from '../support/sockets.ts';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';
import { type Arrow, arrows, httpArrows, lists } from './connection/life.ts';
import { drawConnection } from './connection/picture.ts';

const test = suite("a connection's life, as it is drawn");

/** Milliseconds, after which a count that has not come is told of. */
const PATIENCE = 5000;

const walked = new Set<Arrow>();

/** Waits until a connection has gone these ways, by what that does to the counts. */
async function goes({ serving }: Scene, before: ServeStats, ...ways: Arrow[]): Promise<void> {
  const expected: Record<string, number> = { ...before };
  for (const { counts } of ways) {
    for (const [name, change] of Object.entries(counts))
      expected[name] = (expected[name] ?? NaN) + change;
  }
  const isThere = (): boolean =>
    Object.entries(serving.stats).every(([name, count]) => expected[name] === count);
  const end = performance.now() + PATIENCE;
  await until(() => isThere() || performance.now() > end);
  assert.deepEqual(serving.stats, expected);
  for (const way of ways) walked.add(way);
}

/** Stops it, and waits for its end. */
async function over({ serving, stop, assertOver }: Scene): Promise<void> {
  stop.abort();
  await serving.finished;
  await assertOver();
}

/** One slot, and one place in the queue. */
const one = { concurrency: 1, maxQueued: 1 };

/** With a slot, without one, too many, closed already. */
async function walkIn(): Promise<void> {
  const { opened, open } = gate();
  const served = await scene(() => opened, one);
  const { server, serving } = served;
  for (const way of [arrows.passes, arrows.queues, arrows.shed]) {
    const before = serving.stats;
    await connect(server);
    await goes(served, before, way);
  }
  const before = serving.stats;
  server.prependOnceListener('connection', (socket: Socket) => void socket.destroy());
  await connect(server);
  await goes(served, before, arrows.leftBefore);
  const queued = serving.stats;
  open();
  await goes(served, queued, arrows.resolved, arrows.taken, arrows.resolved);
  await over(served);
}

/** Out of the queue and out of the handler. */
async function walkOut(): Promise<void> {
  const { opened, open } = gate();
  let handler: () => Promise<unknown> = () => opened;
  const served = await scene(() => handler(), one);
  const { server, serving } = served;
  await connectAccepted(server);
  const waiting = await connectAccepted(server);
  const full = serving.stats;
  waiting.socket.resetAndDestroy();
  await goes(served, full, arrows.left);
  await connectAccepted(server);
  const fullAgain = serving.stats;
  handler = () => Promise.reject(new Error('a failure'));
  open();
  await goes(served, fullAgain, arrows.resolved, arrows.taken, arrows.failed);
  handler = () => new Promise(() => {});
  await connectAccepted(server);
  await connectAccepted(server);
  const last = serving.stats;
  void serving.stop({ grace: 0 });
  await goes(served, last, arrows.forced, arrows.discarded);
  await over(served);
}

/** A handler that gives no promise. */
async function walkInCallbackStyle(): Promise<void> {
  const served = await scene((socket) => void socket.pipe(socket));
  const { socket } = await connectAccepted(served.server);
  const before = served.serving.stats;
  socket.end();
  await goes(served, before, arrows.closed);
  await over(served);
}

test('counts on each arrow what it says there, and nothing else', async () => {
  for (const walk of [walkIn, walkOut, walkInCallbackStyle]) await walk();
  const counting = Object.values<Arrow>(arrows).filter(
    ({ counts }) => Object.keys(counts).length > 0,
  );
  assert.deepEqual(walked, new Set(counting));
});

test('has every count of `serving.stats` on an arrow', async () => {
  const served = await scene(() => {});
  const drawn = new Set(Object.values<Arrow>(arrows).flatMap(({ counts }) => Object.keys(counts)));
  assert.deepEqual(drawn, new Set(Object.keys(served.serving.stats)));
  await over(served);
});

test('has the lists of lib/ as its states', () => {
  const found = [...sourceFiles().keys()]
    .filter((name) => name.startsWith('accepting/') || name.startsWith('serving/'))
    .map((name) => readFileSync(join(projectRoot, 'lib', `${name}.ts`), 'utf8'))
    .flatMap((text) => [...text.matchAll(/#(\w+) = new HeldList</g)].map(([, list]) => list));
  assert.deepEqual(new Set(found), new Set(lists));
});

/** The states of one connection, as it goes on: one more for each thing that happens to it. */
class Walk {
  readonly states: string[] = ['new'];
  readonly #connection: Http1Connection;

  constructor(connection: Http1Connection) {
    this.#connection = connection;
  }

  async goesOn(): Promise<void> {
    await until(() => this.#connection.state !== this.states.at(-1));
    this.states.push(this.#connection.state);
  }
}

test(
  'goes through the states of HTTP/1, and through no others',
  async () => {
    const server = await listening(createServer());
    let connection: Http1Connection | undefined;
    let response: ServerResponse | undefined;
    server.on('connection', (socket: Socket) => {
      connection = new Http1Connection(socket, { onRest() {} });
    });
    server.on('request', (request, made) => {
      response = made;
      connection?.begin(request, made);
    });
    server.on('upgrade', (_request, socket) => {
      connection?.upgrade();
      socket.end(SWITCHING);
    });
    const seen = new Set<string>();
    const walk = async (...steps: (string | (() => unknown))[]): Promise<void> => {
      const { socket, ending } = await connectAccepted(server);
      const states = new Walk(connection ?? assert.fail('no connection'));
      for (const step of steps) {
        if (typeof step === 'string') socket.write(step);
        else step();
        await states.goesOn();
      }
      for (const [at, to] of states.states.slice(1).entries())
        seen.add(`${states.states[at]} → ${to}`);
      socket.destroy();
      await ending;
    };
    const answer = (): unknown => response?.end();
    const [head, rest] = ['GET / HTTP/1.1\r\n', 'Host: localhost\r\n\r\n'];
    const close = (): unknown => connection?.endIfIdle();
    await walk(head, rest, answer, head, rest, answer, get('/'), answer, close);
    await walk(get('/'), answer, upgrade('/'));
    await walk(upgrade('/'));
    await walk(get('/'), () => response?.setHeader('Connection', 'close').end());
    assert.deepEqual(seen, new Set(httpArrows.map(([from, to]) => `${from} → ${to}`)));
    await closeServer(server);
  },
  { cannot: limits.httpNewcomers },
);

test('is drawn as it is: after a change, `npm run figures -- connection`', () => {
  const picture = readFileSync(join(projectRoot, 'docs/figures/connection.svg'), 'utf8');
  assert.equal(drawConnection(), picture);
});

test.run();
