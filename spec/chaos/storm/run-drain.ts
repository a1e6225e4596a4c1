import { drain } from 'accept-loop';
import { type EventEmitter, once } from 'node:events';
import type { Arena } from './arena.ts';
import type { RoundPlan } from './plan.ts';
import { endFailed } from './run-loop.ts';
import { beginCall, type OnCall, type Running } from './running.ts';

/** A server with listeners of its own. */
export function runDrain(arena: Arena, plan: RoundPlan, onCall: OnCall): Running {
  const { subject, handle, ledger, event } = arena;
  const { grace, idle } = plan;
  const stop = new AbortController();
  subject.on(event, (...args: unknown[]) => {
    const connection = args.length > 1 ? args : args[0];
    // Its owner's are its errors.
    (args[0] as EventEmitter).on('error', () => {});
    try {
      onCall();
      beginCall(arena, plan, connection);
      handle(connection, { ledger, isServed: false }).catch(() => endFailed(connection));
    } catch {
      endFailed(connection);
    }
  });
  arena.markListeners();
  const drained =
    plan.stop.way === 'late drain'
      ? once(stop.signal, 'abort').then(() => drain(subject, { grace, idle }))
      : drain(subject, { signal: stop.signal, grace, idle });
  let isOver = false;
  void drained.then(() => (isOver = true));
  return {
    stop,
    settled: drained.then((report) => ({ drain: report })),
    stopIn(milliseconds) {
      // A drain of a closed server is another one.
      if (!isOver) void drain(subject, { grace: milliseconds, idle });
    },
  };
}
