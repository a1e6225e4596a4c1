import { acceptLoop, drain, serve, type AcceptLoop } from 'accept-loop';
import type { EventEmitter } from 'node:events';
import { againstLoop, againstStats } from '../counts.ts';
import { familyOf, type Plan, type Way } from '../plan.ts';
import { argumentsOf, type Calls } from './calls.ts';
import { endAll } from './handle.ts';
import type { Ending } from './evidence.ts';
import { Misbehaviour, nothing } from './occasion.ts';
import type { Running } from './running.ts';
import type { Scene } from './scene.ts';

/** How to tell of what nobody expected. */
type Tell = (text: string) => void;

type Runner = (scene: Scene, plan: Plan, calls: Calls, tell: Tell) => Running;

/** Runs a server one way or another. */
export const runners: Readonly<Record<Way, Runner>> = {
  serve: runServe,
  drain: runDrain,
  loop: runLoop,
  bare: runBare,
};

function runServe(scene: Scene, plan: Plan, calls: Calls, tell: Tell): Running {
  const { grace, idle, linger, flush, maxQueued, isCallback, event } = plan;
  const stop = new AbortController();
  const handler = (connection: unknown, context: { readonly draining: AbortSignal }): unknown => {
    const args = argumentsOf(connection);
    const handling = calls.begin(args, false, context.draining);
    if (!isCallback) return handling;
    handling.catch(() => endAll(args));
    return undefined;
  };
  const onError = (error: unknown): void => {
    if (isStrange(error)) tell(`onError was told: ${(error as Error).stack}`);
  };
  const serving = serve(scene.subject as EventEmitter, handler, {
    signal: stop.signal,
    concurrency: plan.concurrency ?? Infinity,
    grace,
    idle,
    linger,
    flush,
    maxQueued,
    onError: plan.hasOnError ? onError : undefined,
    // Without one, it is served by its kind.
    event: event as string,
  });
  return {
    stop,
    look: () => againstStats(serving.stats),
    settled: settle(
      serving.finished.then((report) => ({ serve: { report, stats: serving.stats } })),
    ),
    stopIn: (milliseconds) => serving.stop({ grace: milliseconds }).catch(nothing),
    dispose: () => void serving[Symbol.asyncDispose](),
  };
}

/** Whether it looks like a fault of ours: an error of a program, that no handler has thrown. */
function isStrange(error: unknown): boolean {
  if (error instanceof Misbehaviour || !(error instanceof Error)) return false;
  const isFault = error instanceof TypeError || error instanceof ReferenceError;
  return isFault && !('code' in error);
}

function runDrain({ subject }: Scene, plan: Plan): Running {
  const { grace, idle } = plan;
  const stop = new AbortController();
  const isLate = plan.stop.way === 'late';
  let drainLate = nothing;
  const late = new Promise<void>((resolve) => (drainLate = resolve));
  const drained = isLate
    ? late.then(() => drain(subject, { grace, idle }))
    : drain(subject, { signal: stop.signal, grace, idle });
  return {
    stop,
    drainLate,
    look: () => undefined,
    settled: settle(drained.then((report) => ({ drain: report }))),
    stopIn: () => drain(subject, { grace, idle }),
  };
}

function runLoop(scene: Scene, plan: Plan, calls: Calls): Running {
  const { maxQueued, consumers, event } = plan;
  const stop = new AbortController();
  const options = { signal: stop.signal, maxQueued, event: event as string };
  const loop: AcceptLoop<unknown> = acceptLoop(scene.subject as EventEmitter, options);
  let isLeaving = false;
  const consume = async (): Promise<void> => {
    for await (const connection of loop) {
      calls.own(argumentsOf(connection), false);
      if (isLeaving) break;
    }
  };
  const consuming = Promise.all(Array.from({ length: consumers }, consume));
  return {
    stop,
    look: () => againstLoop(loop.stats),
    settled: settle(consuming.then(() => ({ loop: loop.stats }))),
    dispose: () => void loop[Symbol.asyncDispose](),
    leave(how) {
      if (how === 'return') void loop.return();
      // With its next connection, or without one.
      else {
        isLeaving = true;
        setTimeout(() => void loop.return(), 50);
      }
    },
  };
}

/** As its owner would do without us, in a hurry. */
function runBare(scene: Scene, plan: Plan): Running {
  const { subject, listener } = scene;
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => {
      listener?.close();
      if (subject !== listener) subject.close();
      setTimeout(resolve, plan.grace);
    });
  });
  return {
    stop,
    look: () => undefined,
    settled: stopped.then(() => {
      scene.raze();
      return {};
    }),
  };
}

/** What brings a connection. */
export function eventOf({ kind, event }: Plan): string {
  if (event !== undefined) return event;
  if (kind.startsWith('tls')) return 'secureConnection';
  return familyOf(kind).startsWith('http') ? 'request' : 'connection';
}

async function settle(settled: Promise<Ending>): Promise<Ending> {
  try {
    return await settled;
  } catch (error) {
    return { rejected: String((error as Error | undefined)?.stack ?? error) };
  }
}
