import { turns } from './turns.ts';

/** How many milliseconds after its deadline a shutdown has to be over. */
const SETTLE_MS = 250;

/** A process that was not scheduled for a while gets so many turns after that. */
const MISSED_TURNS = 20;

/**
 * Waits for a shutdown that has begun in this turn. Rejects if the shutdown settles too late. The
 * timer runs in the same event loop, so a stall delays both.
 */
export async function inTime<Report>(grace: number, settled: Promise<Report>): Promise<Report> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const fail = async (): Promise<void> => {
      await turns(MISSED_TURNS);
      reject(new Error(`${SETTLE_MS} ms after its deadline it goes on`));
    };
    // Two timers: if the first fires late, the second still has its full time.
    timer = setTimeout(() => (timer = setTimeout(() => void fail(), SETTLE_MS)), grace);
  });
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
