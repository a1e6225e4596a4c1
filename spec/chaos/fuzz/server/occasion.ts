import { sleep } from '../../storm/clock.ts';
import type { Act } from '../plan.ts';

/** What a handler that misbehaves throws. */
export class Misbehaviour extends Error {
  override readonly name = 'Misbehaviour';
}

const odd: readonly unknown[] = [
  undefined,
  null,
  0,
  'text',
  Symbol('odd'),
  Object.create(null),
  Object.assign(new Error('odd'), { message: Symbol('odd') }),
  Object.assign(new Error('odd'), { name: Object.create(null), stack: Object.create(null) }),
  Object.assign(new Error('odd'), { code: 'ECONNRESET' }),
  new DOMException('odd', 'AbortError'),
  Object.freeze(new Error('odd')),
];

let turn = 0;

/** What may be thrown as well. */
export function oddError(): unknown {
  turn += 1;
  return odd[turn % odd.length];
}

/** How one call of a handler is meant to go. */
export interface Occasion {
  readonly act: Act;
  /** Of `serve`. */
  readonly draining: AbortSignal | undefined;
  /** Whether the connection's errors are its handler's: nobody has promised to guard it. */
  readonly isOwned: boolean;
  /** Stops the round's server, by one way or another. */
  readonly stop: (how: 'stop' | 'close the server') => void;
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
