import { clearTimeout, setTimeout } from 'node:timers';

/** Milliseconds that a test or a hook may take if it sets no `timeout`. */
export const defaultLimit: number = Number(process.env['SPEC_TIMEOUT_MS'] ?? 10_000);

/**
 * Waits for `work`. Rejects if it takes longer than `limit` milliseconds, or if the event loop is
 * empty and cannot settle it.
 */
export async function within(limit: number, work: () => unknown): Promise<void> {
  let giveUp: (reason: string) => void;
  const overdue = new Promise<never>((_resolve, reject) => {
    giveUp = (reason) => reject(new Error(reason));
  });
  const timer = setTimeout(() => giveUp(`over its time limit of ${limit} ms`), limit);
  // Unref'd, so that an empty event loop is noticed at once, and not at the time limit.
  timer.unref();
  const starved = (): void =>
    giveUp('the event loop ran empty while it waited for a promise that never settles');
  process.once('beforeExit', starved);
  try {
    await Promise.race([work(), overdue]);
  } finally {
    clearTimeout(timer);
    process.off('beforeExit', starved);
  }
}
