import type { Ledger } from './ledger.ts';

/** What a handler knows besides its connection. */
export interface Occasion {
  readonly ledger: Ledger;
  /** Whether somebody else ends the connection when the handler has ended. */
  readonly isServed: boolean;
  /** Of `serve`. */
  readonly draining?: AbortSignal;
}

/** What a handler waits for that notices nothing. */
export const forEver: Promise<void> = new Promise(() => {});

/** Waits for an abort, or for so many milliseconds. */
export async function untilAborted(
  signal: AbortSignal | undefined,
  milliseconds: number,
): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', settle);
      resolve();
    };
    // Whoever waits for a shutdown that does not concern it any more holds nobody.
    const timer = setTimeout(settle, milliseconds).unref();
    signal?.addEventListener('abort', settle);
  });
}
