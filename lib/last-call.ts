import type { EventEmitter } from 'node:events';

/**
 * How long the last call may take, in milliseconds. A flood leaves no empty turn; half a second is
 * fifty times what an ordinary burst needs and short beside the seconds that a supervisor waits
 * after SIGTERM.
 */
export const LAST_CALL_MS = 500;

/**
 * How many connections the last call may take. The accept queue is first in, first out, and
 * 65 535 is as long as it is ever made (`somaxconn` is 4096 unless raised): what comes after that
 * many came after the abort.
 */
export const LAST_CALL_CONNECTIONS = 65_535;

/**
 * libuv accepts one connection a turn since 1.45: a turn without one means that the queue is
 * empty. The second is for runtimes that accept in batches.
 */
const EMPTY_TURNS = 2;

/**
 * How short the turn before the close has to be, in milliseconds. Who connects between the last
 * look at the queue and the close is reset, and a process that was not scheduled for a while has
 * looked long ago. An empty turn takes about 0.01 ms.
 */
const BRIEF_MS = 0.1;

/**
 * How long a pause ends a burst, in milliseconds; clients of one burst come a fraction of that
 * apart. Deno accepts ahead of JavaScript and needs longer (docs/decisions/0001-last-call.md).
 */
const PAUSE_MS = 'deno' in process.versions ? 20 : 10;

/** How long to wait for such a pause, in milliseconds: a steady stream may not have one. */
const PAUSE_PATIENCE_MS = 100;

/**
 * Waits until the kernel's accept queue is empty, and calls `close` at a moment when nobody is
 * about to enter it: two whole turns of the event loop have brought nothing, the last of them was
 * brief, and the burst, if there was one, is over. The wait is bounded.
 *
 * @param server - Its events are counted until then.
 * @param events - Those that show an arrival.
 * @param close - Called once, with the time (of `performance.now()`) at which the bound ends, for
 * what else has to be over by then.
 * @returns What cancels the wait.
 */
export function lastCall(
  server: EventEmitter,
  events: Iterable<string>,
  close: (deadline: number) => void,
): () => void {
  let arrivals = 0;
  let seen = 0;
  // The turn that is under way counts for nothing: it may be past its accepts.
  let emptyTurns = -1;
  let begun = 0;
  let arrived = 0;
  let lastTurn = 0;

  const count = (): void => {
    arrivals += 1;
  };
  const stop = (): void => {
    clearImmediate(immediate);
    for (const event of events) server.off(event, count);
  };
  const isEmpty = (now: number): boolean => {
    const isPause = now - arrived >= PAUSE_MS || now - begun >= PAUSE_PATIENCE_MS;
    return emptyTurns >= EMPTY_TURNS && isPause && now - lastTurn < BRIEF_MS;
  };
  const turn = (): void => {
    const now = performance.now();
    // The clock starts with the first turn: whoever aborts may block the loop for a while after.
    if (emptyTurns < 0) begun = arrived = now;
    emptyTurns = arrivals === seen ? emptyTurns + 1 : 0;
    if (arrivals !== seen) arrived = now;
    const isOver = now - begun >= LAST_CALL_MS || arrivals >= LAST_CALL_CONNECTIONS;
    if (isOver || isEmpty(now)) {
      // First of all: every microsecond from the look at the queue to here is one too many.
      close(begun + LAST_CALL_MS);
      stop();
      return;
    }
    seen = arrivals;
    lastTurn = now;
    immediate = setImmediate(turn);
  };

  for (const event of events) server.on(event, count);
  let immediate = setImmediate(turn);
  return stop;
}
