import assert from 'node:assert/strict';
import { type EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { acceptLoop, delaySignal, drain, serve, taskGroup } from 'accept-loop';
import { everyKind, type Kind, open } from './every-kind.ts';
import { inTime } from './in-time.ts';
import { abortListeners } from './listeners.ts';
import { override } from './overrides.ts';
import { listening } from './sockets.ts';
import type { Told } from './throwing-owners.ts';

/** A way to use a server whose own methods throw. */
interface Act {
  /** Milliseconds from the abort to the end. */
  readonly deadline: number;
  readonly begin: (server: Server, signal: AbortSignal) => Promise<unknown>;
}

async function consume(loop: AsyncIterable<unknown>): Promise<void> {
  for await (const connection of loop) void connection;
}

function end([first, second]: readonly { end?: () => void; close?: () => void }[]): void {
  if (second?.end) second.end();
  else first?.close?.();
}

function answer(connection: unknown): void {
  if (Array.isArray(connection)) end(connection);
  else (connection as { end: () => void }).end();
}

/** @param grace - `grace` in milliseconds. */
const serveWith = (grace: number): Act => ({
  deadline: grace,
  begin: (server, signal) => serve(server, answer, { signal, grace, idle: 20 }).finished,
});

const drainWith = (grace: number): Act => ({
  deadline: grace,
  begin: (server, signal) => drain(server, { signal, grace, idle: 20 }),
});

const acts: Readonly<Record<string, Act>> = {
  'serve, no grace': serveWith(0),
  serve: serveWith(300),
  'drain, no grace': drainWith(0),
  drain: drainWith(300),
  acceptLoop: { deadline: 500, begin: (server, signal) => consume(acceptLoop(server, signal)) },
};

/** When a method begins to throw: before the server is passed to this package, or after. */
const times = ['before', 'after'] as const;

interface Meeting {
  readonly kind: Kind;
  readonly name: string;
  readonly act: Act;
  readonly time: (typeof times)[number];
}

/**
 * Stops a server whose method throws. Others on the same signal, added later, have to stop, too.
 */
async function meet(title: string, { kind, name, act, time }: Meeting, told: Told): Promise<void> {
  const { target, server } = await open(kind, () => {});
  const broken = target as EventEmitter as Server;
  const own = Object.getOwnPropertyDescriptor(broken, name);
  const stop = new AbortController();
  let hasThrown = false;
  const breakIt = (): void =>
    override(broken, name, () => {
      hasThrown = true;
      return new Error(`${name} throws: ${title}`);
    });
  if (time === 'before') breakIt();
  let settled: Promise<unknown> | undefined;
  let refusal: unknown;
  try {
    settled = act.begin(broken, stop.signal);
  } catch (error) {
    refusal = error;
  }
  if (time === 'after') breakIt();
  const good = await listening(createServer());
  const { finished } = serve(good, () => {}, { signal: stop.signal, grace: 300 });
  const later = delaySignal(stop.signal, 0);
  const group = taskGroup(({ signal }) => once(signal, 'abort'), { signal: stop.signal });
  stop.abort();
  assert.equal(later.aborted, true);
  await inTime(300, Promise.all([finished, group]));
  assert.equal(good.listening, false);
  if (settled) await inTime(act.deadline, settled);
  const refused = new RegExp(`^Cannot .* received|^${name} throws`);
  const thrown = `${name} throws: ${title}`;
  // If a getter throws, the server may not be recognised, and is refused.
  if (refusal !== undefined) assert.match((refusal as Error).message, refused);
  else assert.equal(told.has(thrown), hasThrown, 'nobody is told');
  assert.equal(abortListeners(stop.signal), 0);
  Reflect.deleteProperty(broken, name);
  if (own) Object.defineProperty(broken, name, own);
  for (const each of [broken, server]) {
    each?.removeAllListeners();
    each?.on('error', () => {});
    each?.close();
  }
}

/** Tries every use of a server of one kind, for each name. */
export async function meetServers(
  kindName: string,
  names: readonly string[],
  told: Told,
): Promise<void> {
  const kind = everyKind[kindName] ?? assert.fail(kindName);
  const failures: Error[] = [];
  for (const name of names) {
    const meetings = Object.entries(acts).flatMap(([how, act]) =>
      times.map(async (time) => {
        const title = `${kindName}, ${how}, ${time}`;
        await meet(title, { kind, name, act, time }, told).catch((cause: unknown) => {
          failures.push(new Error(`${name}: ${title}`, { cause }));
        });
      }),
    );
    await Promise.all(meetings);
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} cases`);
}
