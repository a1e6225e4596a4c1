import { clearTimeout, setTimeout } from 'node:timers';

/** Milliseconds that a test or a hook may take where it does not say. */
export const defaultLimit: number = Number(process.env['SPEC_TIMEOUT_MS'] ?? 10_000);

/**
 * Waits for `work`, and rejects when it takes longer than `limit` milliseconds or when nothing is
 * left in the event loop that could settle it.
 */
export async function within(limit: number, work: () => unknown): Promise<void> {
  let giveUp: (reason: string) => void;
  const overdue = new Promise<never>((_resolve, reject) => {
    giveUp = (reason) => reject(new Error(reason));
  });
  const timer = setTimeout(() => giveUp(`over its time limit of ${limit} ms`), limit);
  // Unref'd, so that an empty event loop shows at once and not when the time is up.
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
