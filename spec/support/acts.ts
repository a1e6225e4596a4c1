import type { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import { acceptLoop, drain, serve } from 'accept-loop';
import { LAST_CALL_MS } from '../../lib/bounds.ts';
import { assertConserved } from './conservation.ts';
import type { Listener } from './every-kind.ts';
import { assertReport, assertStats } from './report.ts';

/** `grace` in milliseconds, for `serve` and `drain`. */
const GRACE_MS = 150;

interface Stage {
  readonly target: EventEmitter;
  readonly signal: AbortSignal;
  /** Whether the connections so far are those whose owners throw. */
  readonly isTheirs: () => boolean;
  readonly answer: Listener;
  /** The error that the handler throws itself. */
  readonly failure: Error;
  /** Called with the errors that do not become a warning. */
  readonly onError: (error: unknown) => void;
}

interface Acting {
  /** Asserts that every connection is in exactly one place. */
  readonly look: () => void;
  readonly settled: Promise<unknown>;
  /** Milliseconds from the abort to the deadline. */
  readonly deadline: number;
  /** Whether no client is served after this. */
  readonly isLast?: boolean;
}

/** A way to treat the connections whose owners throw. */
export type Act = (stage: Stage) => Acting;

function call(answer: Listener, connection: unknown): unknown {
  return Reflect.apply(answer, undefined, Array.isArray(connection) ? connection : [connection]);
}

type Theirs = (stage: Stage, answer: () => unknown) => unknown;

/** @param style - Whether the handler returns a promise, or nothing. */
function serveThem(style: 'promise' | 'callback', theirs: Theirs): Act {
  return (stage) => {
    const { target, signal, onError, answer, isTheirs } = stage;
    const handler = (connection: unknown): unknown => {
      const act = (): unknown => call(answer, connection);
      const result = isTheirs() ? theirs(stage, act) : act();
      return style === 'promise' ? Promise.resolve(result) : undefined;
    };
    const options = { signal, grace: GRACE_MS, idle: 20, linger: 20, onError };
    const serving = serve(target as Server, handler, options);
    const settled = serving.finished.then(assertReport);
    return { look: () => assertStats(serving.stats), settled, deadline: GRACE_MS };
  };
}

/** @param theirs - Whether to answer the connections whose owners throw. */
function loopOverThem(theirs: boolean): Act {
  return ({ target, signal, isTheirs, answer }) => {
    const loop = acceptLoop(target as Server, signal);
    const consume = async (): Promise<void> => {
      for await (const connection of loop) {
        if (theirs || !isTheirs()) void call(answer, connection);
      }
    };
    return { look: () => assertConserved(loop.stats), settled: consume(), deadline: LAST_CALL_MS };
  };
}

/** A loop without a consumer. @param maxQueued - With 0, each connection is refused at once. */
function loopWithout(maxQueued?: number): Act {
  return ({ target, signal }) => {
    const loop = acceptLoop(target as Server, { maxQueued });
    const settled = new Promise<void>((resolve, reject) => {
      const leave = (): void => void loop.return().then(() => resolve(), reject);
      signal.addEventListener('abort', leave, { once: true });
    });
    const look = (): void => assertConserved(loop.stats);
    return { look, settled, deadline: LAST_CALL_MS, isLast: true };
  };
}

/**
 * @param theirs - Whether to answer the connections whose owners throw.
 * @param event - The event that the owner listens to.
 */
function drainThem(theirs: boolean, event: string): Act {
  return ({ target, signal, isTheirs, answer }) => {
    const settled = drain(target as Server, { signal, grace: GRACE_MS, idle: 20 });
    const onConnection = (...args: unknown[]): void => {
      if (theirs || !isTheirs()) void call(answer, args);
    };
    target.on(event, onConnection);
    void settled.then(() => target.off(event, onConnection));
    return { look() {}, settled, deadline: GRACE_MS };
  };
}

const never = new Promise<never>(() => {});

/** Every way to treat a connection. @param event - The event that brings connections. */
export function actsOf(event: string): Readonly<Record<string, Act>> {
  return {
    'serve, answers and resolves': serveThem('promise', (_, answer) => answer()),
    'serve, rejects': serveThem('promise', ({ failure }) => Promise.reject(failure)),
    'serve, never resolves': serveThem('promise', () => never),
    'serve, answers and returns nothing': serveThem('callback', (_, answer) => answer()),
    'serve, throws': serveThem('callback', ({ failure }) => {
      throw failure;
    }),
    'serve, returns nothing and does not answer': serveThem('callback', () => {}),
    'acceptLoop, answers': loopOverThem(true),
    'acceptLoop, does not answer': loopOverThem(false),
    'acceptLoop, is left while they wait': loopWithout(),
    'acceptLoop, has no room': loopWithout(0),
    'drain, answers': drainThem(true, event),
    'drain, does not answer': drainThem(false, event),
  };
}
