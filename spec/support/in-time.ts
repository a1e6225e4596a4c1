import { turns } from './turns.ts';

/** After its deadline, the milliseconds in which a shutdown has to be over. */
const SETTLE_MS = 250;

/** Then a process that was not scheduled for a while has still the turns that it has missed. */
const MISSED_TURNS = 20;

/**
 * Waits for a shutdown that has begun in this turn, and rejects if it settles later than it may. It
 * is timed by the same event loop: what stalls the one stalls the other.
 */
export async function inTime<Report>(grace: number, settled: Promise<Report>): Promise<Report> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const fail = async (): Promise<void> => {
      await turns(MISSED_TURNS);
      reject(new Error(`${SETTLE_MS} ms after its deadline it goes on`));
    };
    // Two of them: what makes the first one late gives the second its time all the same.
    timer = setTimeout(() => (timer = setTimeout(() => void fail(), SETTLE_MS)), grace);
  });
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
