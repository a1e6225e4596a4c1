import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { type Act, actsOf } from './acts.ts';
import { everyKind, open } from './every-kind.ts';
import { inTime } from './in-time.ts';
import { abortListeners, listenersOn } from './listeners.ts';
import { override, overrideAsync } from './overrides.ts';
import { connectionsOf, settleRequests } from './scene.ts';
import { turns, until } from './turns.ts';

/** An object of a connection that its owner overrides, and the event that brings the object. */
export interface Owned {
  /** A key of {@link everyKind}. `way` is one of its ways. */
  readonly kind: string;
  readonly way: string;
  readonly event: string;
  /** Picks the object from the arguments of the event. */
  readonly pick: (...args: never[]) => unknown;
  /** The methods and getters that throw. Each of them throws for a different client. */
  readonly names: readonly string[];
  /** Whether they are methods that do their work and reject, and throw nothing. */
  readonly areAsync?: boolean;
}

/** The objects that are the first and the second argument of an event. */
export const first = (object: unknown): unknown => object;
export const second = (...args: [unknown, unknown]): unknown => args[1];

/** The events that bring what `serve` serves, of each kind. */
export const served = {
  net: { kind: 'net', way: 'socket', event: 'connection' },
  tls: { kind: 'tls', way: 'socket', event: 'secureConnection' },
  http: { kind: 'http', way: 'request', event: 'request' },
  http2: { kind: 'h2c', way: 'request', event: 'request' },
  ws: { kind: 'a WebSocketServer on http', way: 'WebSocket', event: 'connection' },
} as const;

export const words = (all: string): string[] => all.split(' ');

/** After so many turns of the event loop, a request that was sent before has arrived. */
const ARRIVAL_TURNS = 10;

/** Collects the messages of all warnings, and of all calls of `onError`. */
export class Told {
  readonly #messages = new Set<string>();
  readonly #others = process.listeners('warning');

  /** Takes the warnings from the runtime, which would print them. */
  begin(): void {
    process.removeAllListeners('warning').on('warning', this.add);
  }

  end(): void {
    process.off('warning', this.add);
    for (const other of this.#others) process.on('warning', other);
  }

  readonly add = (error: unknown): void => void this.#messages.add((error as Error).message);

  has(message: string): boolean {
    return this.#messages.has(message);
  }
}

/**
 * Opens a client for each name, whose connection throws. Opens one more client, which has to be
 * served. Then stops the server. Asserts that an error affects only its own connection.
 */
async function meet(owned: Owned, title: string, act: Act, told: Told): Promise<void> {
  const kind = everyKind[owned.kind] ?? assert.fail(owned.kind);
  const way = kind.ways[owned.way] ?? assert.fail(owned.way);
  const answer = Object.values(way.events)[0] ?? assert.fail(owned.way);
  const thrown = new Set<string>();
  const sockets = new Set<Socket>();
  let met = 0;
  const onEvent = (...args: unknown[]): void => {
    const name = owned.names[met];
    met += 1;
    if (name === undefined) return;
    const object = Reflect.apply(owned.pick, undefined, args) as object;
    const replace = owned.areAsync ? overrideAsync : override;
    replace(object, name, () => {
      thrown.add(name);
      return new Error(`${name} throws: ${title}`);
    });
  };
  const { target, server } = await open(kind, (emitter, of) => {
    if (of === 'server') settleRequests(emitter);
    if (of === 'server') emitter.on('connection', (socket: Socket) => sockets.add(socket));
    if (!kind.attach || of === 'webSocketServer') emitter.on(owned.event, onEvent);
  });
  const before = listenersOn(target);
  const stop = new AbortController();
  const cut = new AbortController();
  const closed = new Promise((resolve) => target.once('close', resolve));
  const failure = new Error(`the handler fails: ${title}`);
  let isTheirs = true;
  const { look, settled, deadline, isLast } = act({
    target,
    signal: stop.signal,
    isTheirs: () => isTheirs,
    answer,
    failure,
    onError: told.add,
  });
  const over = new AbortController();
  const looking = (async (): Promise<void> => {
    for (; !over.signal.aborted; await turns(1)) look();
  })();
  try {
    const visits = owned.names.map(() => way.visit(target, cut.signal));
    await until(() => met === owned.names.length);
    await turns(ARRIVAL_TURNS);
    isTheirs = false;
    if (!isLast) assert.equal(await way.visit(target), true, 'the next client is not served');
    stop.abort();
    await inTime(deadline, settled);
    cut.abort();
    await Promise.all(visits);
  } finally {
    over.abort();
    cut.abort();
    for (const socket of sockets) socket.destroy();
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  }
  await closed;
  await looking;
  look();
  const untold = [...thrown].filter(
    (name) => !told.has(`${name} throws: ${title}`) && !told.has(failure.message),
  );
  assert.deepEqual(untold, [], 'nobody is told');
  assert.deepEqual(listenersOn(target), before);
  assert.equal(abortListeners(stop.signal), 0);
  if (server) assert.equal(await connectionsOf(server), 0);
}

/** Tries every way to treat such connections, each with its own server. */
export async function meetOwners(title: string, owned: Owned, told: Told): Promise<void> {
  const way = everyKind[owned.kind]?.ways[owned.way];
  const [event = ''] = Object.keys(way?.events ?? {});
  const failures: Error[] = [];
  const meetings = Object.entries(actsOf(event)).map(async ([name, act]) => {
    await meet(owned, `${title}, ${name}`, act, told).catch((cause: unknown) => {
      failures.push(new Error(name, { cause }));
    });
  });
  await Promise.all(meetings);
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} cases`);
}
