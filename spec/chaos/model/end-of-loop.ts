import type { LoopServer } from './accept-loop-server.ts';
import { expect } from './history.ts';

/** How late a close by others may be noticed, and how long the last call may take. */
const NOTICE_MS = 250;
const LAST_CALL_MS = 500;
/** So many turns without a connection say that the accept queue is empty. */
const EMPTY_TURNS = 2;

/** When a loop may end by itself, and when it has to. */
export class EndOfLoop {
  /** When somebody else has closed the server. */
  closedByOthers = Infinity;
  readonly #server: LoopServer;
  /** Turns since the abort that have brought nothing; the one under way does not count. */
  #emptyTurns = -1;
  #firstTurn = Infinity;

  constructor(server: LoopServer) {
    this.#server = server;
  }

  /** A turn begins, after the abort. */
  onTurn(now: number): void {
    this.#firstTurn = Math.min(this.#firstTurn, now);
    this.#emptyTurns += 1;
  }

  onArrival(): void {
    this.#emptyTurns = -1;
  }

  /** Asserts that it may be over. */
  checkEnd(now: number, isStopped: boolean): void {
    const { isClosed, underWay } = this.#server;
    expect(isStopped || isClosed, true, 'over for a reason');
    if (this.closedByOthers < Infinity) return;
    const isLate = now - this.#firstTurn >= LAST_CALL_MS;
    expect(isLate || this.#emptyTurns >= EMPTY_TURNS, true, 'over when the queue is empty');
    expect(isLate || underWay === 0, true, 'over when handshakes are');
  }

  /** Asserts that it need not be over yet. */
  checkDelay(now: number, hasImmediates: boolean): void {
    const { isClosed, underWay } = this.#server;
    const isBusy = underWay > 0 || hasImmediates;
    const isNoticed = this.closedByOthers === Infinity;
    expect(isClosed && isNoticed && !isBusy, false, 'not over when closed');
    const due = this.closedByOthers + NOTICE_MS + (isBusy ? LAST_CALL_MS : 0);
    expect(now > due, false, 'not noticed in time');
  }
}
