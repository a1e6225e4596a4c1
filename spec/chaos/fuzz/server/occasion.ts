import { sleep } from '../../storm/clock.ts';
import type { Act } from '../plan.ts';

/** What a handler that misbehaves throws. */
export class Misbehaviour extends Error {
  override readonly name = 'Misbehaviour';
}

/** How one call of a handler is meant to go. */
export interface Occasion {
  readonly act: Act;
  /** Of `serve`. */
  readonly draining: AbortSignal | undefined;
  /** Whether the connection's errors are its handler's: nobody has promised to guard it. */
  readonly isOwned: boolean;
  /** Aborts when the round is over, so that nothing of it stays. */
  readonly over: AbortSignal;
}

export function nothing(): void {}

/** How long a handler works that does, in milliseconds. */
export const WORK_MS = 15;

/** Of acts that begin alike: what comes before an answer. */
export async function prelude({ act, draining, over }: Occasion): Promise<void> {
  if (act === 'later' || act === 'unread') await sleep(WORK_MS);
  if (act === 'goodbye') await untilAborted(draining ?? over);
  if (act === 'never') await untilAborted(over);
  if (act !== 'reject') return;
  await sleep(WORK_MS);
  throw new Misbehaviour('rejects');
}

/** At most for a while: there may be nobody who aborts. */
const PATIENCE_MS = 3000;

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    const settle = (): void => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener('abort', settle, { once: true });
  });
}
