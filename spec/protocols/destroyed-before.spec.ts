import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import type { WebSocketServer } from 'ws';
import { acceptLoop, drain, serve } from 'accept-loop';
import { assertConserved } from '../support/conservation.ts';
import {
  everyKind,
  type Gate,
  type Kind,
  type Listener,
  open,
  type Way,
} from '../support/every-kind.ts';
import { limits } from '../support/limits.ts';
import { abortListeners, listenersOn } from '../support/listeners.ts';
import { assertReport, assertStats } from '../support/report.ts';
import { connectionsOf } from '../support/scene.ts';
import { suite } from '../support/suite.ts';

const test = suite('a client that an earlier listener destroys');

/** Far more than a stop takes that waits for nothing that is gone. */
const GRACE_MS = 8000;

interface Run {
  /** The event that is asked for, or the usual one. */
  readonly event: string;
  readonly answer: Listener;
  readonly isUsual: boolean;
  readonly signal: AbortSignal;
}

/** What has become of all: those that `drain` followed are not counted. */
interface Outcome {
  readonly accepted: number;
  readonly served: number;
  readonly lost: number;
}

type Mode = (target: EventEmitter, run: Run) => Promise<Outcome | undefined>;

function call(answer: Listener, connection: unknown): unknown {
  const args = Array.isArray(connection) ? connection : [connection];
  return Reflect.apply(answer, undefined, args);
}

async function serveMode(target: EventEmitter, run: Run): Promise<Outcome> {
  const { signal, event, isUsual, answer } = run;
  const options = { signal, grace: GRACE_MS, idle: 50, ...(isUsual ? {} : { event }) };
  const serving = serve(
    target as Server,
    async (connection) => {
      await call(answer, connection);
    },
    options as object,
  );
  const report = await serving.finished;
  assertReport(report);
  assertStats(serving.stats);
  const { accepted, completed, failed, lost, forced, stragglers } = report;
  assert.deepEqual({ forced, stragglers }, { forced: 0, stragglers: [] });
  return { accepted, served: completed + failed, lost };
}

async function loopMode(target: EventEmitter, { signal, answer }: Run): Promise<Outcome> {
  const loop = acceptLoop(target as Server, signal);
  for await (const connection of loop) void call(answer, connection);
  assertConserved(loop.stats);
  const { accepted, yielded, lost } = loop.stats;
  return { accepted, served: yielded, lost };
}

async function drainMode(target: EventEmitter, { signal, event, answer }: Run): Promise<undefined> {
  const drained = drain(target as Server, { signal, grace: GRACE_MS, idle: 50 });
  const onConnection = (...args: unknown[]): void => void call(answer, args);
  target.on(event, onConnection);
  const { forced, stragglers } = await drained;
  target.off(event, onConnection);
  assert.deepEqual({ forced, stragglers }, { forced: 0, stragglers: [] });
}

/** Which ones are turned away, of clients that come one after the other. */
const patterns: Readonly<Record<string, readonly boolean[]>> = {
  'every second client': [true, false, true],
  'every client': [true],
};

interface Case {
  readonly kind: Kind;
  readonly way: Way;
  readonly gate: Gate;
  readonly mode: Mode;
  readonly event: string;
  readonly isUsual: boolean;
  readonly pattern: readonly boolean[];
}

async function turnAway({ kind, way, gate, mode, event, isUsual, pattern }: Case): Promise<void> {
  let count = 0;
  const { target, server } = await open(kind, (emitter, of) => {
    if (of === gate.of) {
      emitter.on(gate.event, (...args: unknown[]) => {
        count += 1;
        if (pattern[count - 1]) Reflect.apply(gate.destroy, undefined, args);
      });
    }
    // The first one has an HTTP/2 server put a listener of its own in the place of another.
    if (of === 'server') emitter.on('request', nobody).off('request', nobody);
  });
  const before = listenersOn(target);
  const stop = new AbortController();
  const { signal } = stop;
  const closed = new Promise((resolve) => target.once('close', resolve));
  const answer = way.events[event] ?? assert.fail();
  const outcome = mode(target, { event, isUsual, signal, answer });
  for (const isAway of pattern) assert.equal(await way.visit(target), !isAway);
  assert.equal(count, pattern.length);
  const begun = performance.now();
  stop.abort();
  const counts = await outcome;
  assert.ok(performance.now() - begun < GRACE_MS / 2, 'it waits for what is gone');
  await closed;
  // A WebSocketServer leaves it open that it is attached to, unless it is drained.
  if (server?.listening) await new Promise((resolve) => server.close(resolve));
  const isAtGate = gate.event === event && (gate.of === 'webSocketServer' || !kind.attach);
  if (counts) assertOutcome(counts, isAtGate, pattern);
  assert.deepEqual(listenersOn(target), before);
  assert.equal(abortListeners(signal), 0);
  if (server) assert.equal(await connectionsOf(server), 0);
  else assert.equal((target as WebSocketServer).clients.size, 0);
}

function nobody(): void {}

/** @param isAtGate - Whether what is destroyed is the very connection. */
function assertOutcome(outcome: Outcome, isAtGate: boolean, pattern: readonly boolean[]): void {
  const { accepted, served, lost } = outcome;
  assert.equal(accepted, served + lost);
  const away = pattern.filter(Boolean).length;
  const expected = { accepted: pattern.length, served: pattern.length - away, lost: away };
  if (isAtGate) assert.deepEqual(outcome, expected);
  else assert.ok(served >= expected.served && lost <= away, JSON.stringify(outcome));
}

/** Runs them all at once, and names those that fail. */
async function every(cases: Iterable<[name: string, Case]>): Promise<void> {
  const failures: Error[] = [];
  const runs = [...cases].map(async ([name, each]) => {
    await turnAway(each).catch((error: unknown) => {
      failures.push(new Error(name, { cause: error }));
    });
  });
  await Promise.all(runs);
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} cases`);
}

const modes = { serve: serveMode, acceptLoop: loopMode, drain: drainMode };

/** All that are asked for, of one kind. `acceptLoop` takes what it takes as `serve` does. */
function* casesOf(kind: Kind, mode: keyof typeof modes): Generator<[name: string, Case]> {
  const ways = Object.entries(kind.ways);
  const usual = ways.flatMap(([, { events }]) => Object.keys(events)).at(0);
  for (const [wayName, way] of ways) {
    for (const [index, event] of Object.keys(way.events).entries()) {
      const isUsual = event === usual;
      if (mode === 'drain' ? index > 0 : way.isOwners) continue;
      if (mode === 'acceptLoop' && !isUsual) continue;
      for (const gate of way.gates) {
        for (const [name, pattern] of Object.entries(patterns)) {
          if (name === 'every client' && index > 0) continue;
          const common = { kind, way, gate, event, isUsual, pattern };
          yield [
            `${wayName}, '${event}', at ${gate.name}, ${name}`,
            { ...common, mode: modes[mode] },
          ];
        }
      }
    }
  }
}

for (const [name, kind] of Object.entries(everyKind)) {
  const cannot = name.startsWith('h2') ? limits.goawayMeetsStream : [];
  for (const mode of ['serve', 'acceptLoop', 'drain'] as const) {
    const title = `is turned away by ${mode} of ${name}, and the others are served`;
    test(title, () => every(casesOf(kind, mode)), { cannot });
  }
}

test.run();
