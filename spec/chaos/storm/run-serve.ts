import { serve } from 'accept-loop';
import type { Socket } from 'node:net';
import type { Arena } from './arena.ts';
import type { RoundPlan } from './plan.ts';
import { beginCall, type OnCall, type Running } from './running.ts';

/** How long what a handler has written may take to leave, in milliseconds. */
const FLUSH_MS = 2000;

export function runServe(arena: Arena, plan: RoundPlan, onCall: OnCall): Running {
  const { subject, handle, ledger } = arena;
  const { grace, idle, linger, maxQueued, isCallback } = plan;
  const concurrency = plan.concurrency ?? Infinity;
  const stop = new AbortController();
  const { signal } = stop;
  arena.markListeners();
  const serving = serve(
    subject,
    (connection: Socket, context) => {
      onCall();
      beginCall(arena, plan, connection);
      const { draining } = context;
      const handling = handle(connection, { ledger, isServed: !isCallback, draining });
      if (!isCallback) return handling;
      handling.catch(() => connection.destroy());
      return undefined;
    },
    {
      signal,
      concurrency,
      maxQueued,
      grace,
      idle,
      linger,
      flush: FLUSH_MS,
      onError: (error) => ledger.reported.push(error),
    },
  );
  return {
    stop,
    settled: serving.finished.then((report) => ({ serve: { report, stats: serving.stats } })),
    stopSoftly: () => void serving.stop(),
    stopIn: (milliseconds) => void serving.stop({ grace: milliseconds }),
    dispose: () => void serving[Symbol.asyncDispose](),
  };
}
