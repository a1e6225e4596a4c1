import { stall } from '../../support/turns.ts';
import type { Arena } from './arena.ts';
import { sleep } from './clock.ts';
import type { RoundPlan } from './plan.ts';
import type { Running } from './running.ts';

/** After which time a stop within a handler comes from without, in milliseconds. */
const HANDLER_PATIENCE_MS = 150;

/** How long the first client is waited for, in milliseconds: the clients' process may be busy. */
const ARRIVAL_PATIENCE_MS = 1000;

/** Between a stop and the second one, in milliseconds. */
const BETWEEN_MS = 30;

const nothing = (): void => {};

/** How a round is stopped. */
export interface Stop {
  /** What handlers call. */
  readonly onCall: () => void;
  /** Stops it, at its moment. Resolves when that has been said. */
  readonly perform: (running: Running) => Promise<void>;
}

/** Whether who waits in the accept queue is accepted before the listener is closed. */
export function hasLastCall({ stop: { way } }: RoundPlan): boolean {
  return !['close', 'return', 'break', 'throw'].includes(way);
}

export function prepareStop(arena: Arena, plan: RoundPlan, onStop: () => void): Stop {
  const { way, at, stall: stallFor, harder } = plan.stop;
  const { ledger, subject, listener } = arena;
  // An attached WebSocket server is drained with the HTTP server that it is attached to.
  const closed = plan.way === 'drain' && listener ? listener : subject;
  let onCall = nothing;
  const performers: Record<typeof way, (running: Running) => void | Promise<void>> = {
    abort: ({ stop }) => stop.abort(),
    'late drain': ({ stop }) => stop.abort(),
    async 'abort in a handler'({ stop }) {
      onCall = () => stop.abort();
      await sleep(HANDLER_PATIENCE_MS);
      stop.abort();
    },
    async 'abort twice'({ stop, stopIn }) {
      stop.abort();
      await sleep(BETWEEN_MS);
      stop.abort();
      stopIn?.(plan.grace);
    },
    stop: ({ stopSoftly }) => stopSoftly?.(),
    async 'stop harder'({ stop, stopIn }) {
      stop.abort();
      await sleep(BETWEEN_MS);
      stopIn?.(harder);
    },
    close: () => void closed.close(),
    dispose: ({ dispose }) => dispose?.(),
    return: ({ leave }) => leave?.('return'),
    break: (running) => leaveSoon(running, 'break'),
    throw: (running) => leaveSoon(running, 'throw'),
  };
  return {
    onCall: () => onCall(),
    async perform(running) {
      await Promise.race([ledger.arrival, sleep(ARRIVAL_PATIENCE_MS)]);
      await sleep(at);
      if (stallFor > 0) {
        ledger.note(`stands still for ${stallFor} ms`);
        stall(stallFor);
      }
      ledger.note(`is stopped: ${way}`);
      onStop();
      await performers[way](running);
    },
  };
}

/** With the next connection, or without one. */
async function leaveSoon({ leave }: Running, how: 'break' | 'throw'): Promise<void> {
  leave?.(how);
  await sleep(HANDLER_PATIENCE_MS);
  leave?.('return');
}
