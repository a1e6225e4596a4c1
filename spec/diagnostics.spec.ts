import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:net';
import {
  acceptLoop,
  type AcceptMessage,
  type DrainMessage,
  type EndMessage,
  type ErrorMessage,
  serve,
  type ShedMessage,
} from 'accept-loop';
import { Diagnostics } from '../lib/diagnostics.ts';
import { gate, scene } from './support/scene.ts';
import { connect, listening, readToEnd } from './support/sockets.ts';
import { suite } from './support/suite.ts';
import { until } from './support/turns.ts';

const test = suite('the diagnostics channels');

interface Messages {
  accept: AcceptMessage;
  shed: ShedMessage;
  error: ErrorMessage;
  drain: DrainMessage;
  end: EndMessage;
}

const names = ['accept', 'shed', 'error', 'drain', 'end'] as const;
type Heard = { [Name in keyof Messages]: [name: Name, message: Messages[Name]] }[keyof Messages];

let heard: Heard[] = [];
const subscribers = names.map((name) => ({
  channel: `accept-loop:${name}`,
  subscriber: (message: unknown): void => void heard.push([name, message] as Heard),
}));

function listen(): void {
  heard = [];
  for (const { channel, subscriber } of subscribers) subscribe(channel, subscriber);
}

function unlisten(): void {
  for (const { channel, subscriber } of subscribers) unsubscribe(channel, subscriber);
}

/** The first message of a channel. */
function told<Name extends keyof Messages>(name: Name): Messages[Name] {
  const found = heard.find(([channel]) => channel === name) ?? assert.fail(`nothing of ${name}`);
  return found[1] as Messages[Name];
}

function channels(): string[] {
  return heard.map(([name]) => name);
}

test.after.each(unlisten);

test('tell of a loop: who was accepted and shed, the shutdown and its reason, the counts', async () => {
  const server = await listening(createServer());
  const stop = new AbortController();
  const loop = acceptLoop(server, { signal: stop.signal, maxQueued: 1 });
  listen();
  const clients = [await connect(server)];
  await until(() => loop.stats.accepted === 1);
  clients.push(await connect(server));
  await until(() => loop.stats.shed === 1);
  const reason = new Error('deploy');
  stop.abort(reason);
  const { value: first } = await loop.next();
  first?.end();
  assert.equal((await loop.next()).done, true);
  await Promise.all(clients.map(({ ending }) => ending));
  assert.deepEqual(channels(), ['accept', 'accept', 'shed', 'drain', 'end']);
  assert.deepEqual(told('accept'), { server, connection: first });
  assert.equal(told('shed').server, server);
  assert.deepEqual(told('drain'), { server, reason });
  const counts = { accepted: 2, yielded: 1, queued: 0, shed: 1, lost: 0, discarded: 0 };
  assert.deepEqual(told('end'), { server, stats: counts });
});

test('tell of every error of the server, with the server', async () => {
  const server = await listening(createServer());
  listen();
  const loop = acceptLoop(server);
  const shortage = Object.assign(new Error('accept EMFILE'), { syscall: 'accept' });
  const fault = new Error('broken');
  server.emit('error', shortage);
  server.emit('error', fault);
  await assert.rejects(loop.next(), (error) => error === fault);
  assert.deepEqual(heard.slice(0, 2), [
    ['error', { server, error: shortage }],
    ['error', { server, error: fault }],
  ]);
});

test("tell of serve: the handler's connection and its error, and the report", async () => {
  listen();
  const fault = new Error('fault');
  const { server, serving, stop } = await scene(async () => {
    throw fault;
  });
  await readToEnd(server);
  stop.abort();
  const report = await serving.finished;
  assert.deepEqual(channels(), ['accept', 'error', 'drain', 'end']);
  const { connection } = told('accept');
  assert.ok(connection instanceof Object && 'remoteAddress' in connection);
  assert.deepEqual(told('error'), { server, connection, error: fault });
  assert.equal(told('drain').reason, stop.signal.reason);
  assert.equal(told('end').stats, report);
});

test('say nothing of an error that the client has made', async () => {
  listen();
  const { server, serving, stop } = await scene(async (socket) => {
    for await (const chunk of socket) socket.write(chunk as Buffer);
  });
  const { socket } = await connect(server);
  await until(() => serving.stats.active === 1);
  socket.resetAndDestroy();
  await until(() => serving.stats.active === 0);
  stop.abort();
  await serving.finished;
  assert.deepEqual(channels(), ['accept', 'drain', 'end']);
});

test('tell of a shutdown that nobody has asked for', async () => {
  listen();
  const { opened, open } = gate();
  const server = await listening(createServer());
  const serving = serve(server, () => opened);
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  server.close();
  await until(() => heard.some(([name]) => name === 'drain'));
  assert.equal((told('drain').reason as Error).message, 'The server was closed');
  open();
  await serving.finished;
  await ending;
});

test('have nothing built for them when nobody subscribes', () => {
  const built: string[] = [];
  const connection = {};
  const diagnostics = new Diagnostics({});
  const stats = (): EndMessage['stats'] => {
    built.push('stats');
    return acceptLoop(createServer()).stats;
  };
  const publishAll = (): void => {
    diagnostics.accept(connection);
    diagnostics.shed(connection);
    diagnostics.serverError(new Error('fault'));
    diagnostics.handlerError(new Error('fault'), connection);
    diagnostics.drain('reason');
    diagnostics.end(stats);
  };
  publishAll();
  assert.deepEqual(built, []);
  listen();
  publishAll();
  assert.deepEqual(built, ['stats']);
  assert.equal(heard.length, 6);
});

test.run();
