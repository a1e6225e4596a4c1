import assert from 'node:assert/strict';
import { drain, type DrainReport } from 'accept-loop';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { checkDrainReport } from './drain-checks.ts';
import { DrainClients } from './drain-clients.ts';
import { drainsOf } from './drains.ts';
import { FakeServer } from './fake-server.ts';
import type { FakeSocket } from './fake-socket.ts';
import { expect, History } from './history.ts';

export interface DrainSetting {
  /** Of the first call. */
  readonly grace: number;
  readonly hasSignal: boolean;
  readonly isAborted: boolean;
  readonly isListening: boolean;
  /** How many connections the server has that `drain` never saw come. */
  readonly strangers: number;
}

/** A socket's `'close'`, the server's, its answer to who asks how many there are. */
const TICKS = 5;
const NOTICE_MS = 250;
/** From the deadline to the end, at the least and at the most. */
const LAST_MS = [99, 250] as const;

const stopped = new Error('stopped');

/** One server that somebody else serves, and all calls of `drain` for it. */
export class DrainHistory extends History {
  readonly #setting: DrainSetting;
  readonly #server = new FakeServer();
  readonly #clients = new DrainClients(this.#server);
  readonly #stops: AbortController[] = [];
  readonly #reports: DrainReport[] = [];
  readonly #listenersBefore: Record<string, number>;
  #calls = 0;
  #closedByOthers = Infinity;
  #hasBeenClosed = false;
  #hasListened = false;
  #isBegunBySignal = false;
  #begun = Infinity;
  #due = Infinity;
  /** The least grace of the calls before the beginning. */
  #grace = Infinity;
  /** Of those that it knows, how many there were at the beginning or came after. */
  #total = 0;
  /** What was open when grace ended. */
  #forced: FakeSocket[] | undefined;
  #settledAt = Infinity;

  constructor(setting: DrainSetting) {
    super(TICKS);
    this.#setting = setting;
    this.#hasListened = setting.isListening;
    if (setting.isListening) this.#server.open();
    if (setting.isListening) this.#clients.addStrangers(setting.strangers);
    this.#listenersBefore = listenersOn(this.#server);
    this.join(setting.grace, setting.hasSignal, setting.isAborted);
  }

  get #isSettled(): boolean {
    return this.#reports.length > 0;
  }

  arrive(): boolean {
    const hasArrived = this.#clients.arrive();
    if (hasArrived && this.#begun < Infinity) this.#total += 1;
    return hasArrived;
  }

  /** A client leaves, one of the known ones or a stranger. */
  depart(choice: number, how: 'reset' | 'halfClose'): boolean {
    return this.#clients.depart(choice, how);
  }

  join(
    grace: number,
    hasSignal: boolean,
    isAborted = false,
    stop: AbortController = new AbortController(),
  ): boolean {
    // A call after the end begins another shutdown.
    if (this.#isSettled) return false;
    if (isAborted) stop.abort(stopped);
    if (hasSignal && !this.#stops.includes(stop)) this.#stops.push(stop);
    this.#calls += 1;
    const isBegun = this.#begun < Infinity;
    if (!isBegun) this.#grace = Math.min(this.#grace, grace);
    const drained = drain(this.#server, { grace, ...(hasSignal && { signal: stop.signal }) });
    drained.then(
      (report) => this.#reports.push(report),
      (error: unknown) => this.#rejections.push(error),
    );
    if (isBegun) this.#setDeadline(grace);
    else if (!hasSignal || isAborted) this.#begin(hasSignal);
    return true;
  }

  /** Once more, with a signal of before. */
  joinAgain(): boolean {
    const stop = this.#stops.find(({ signal }) => !signal.aborted);
    return stop !== undefined && this.join(200, true, false, stop);
  }

  abort(choice: number): boolean {
    const stop = this.#stops[choice % Math.max(1, this.#stops.length)];
    if (!stop || stop.signal.aborted) return false;
    stop.abort(stopped);
    if (this.#begun === Infinity) this.#begin(true);
    return true;
  }

  closeByOthers(): boolean {
    if (!this.#server.listening) return false;
    this.#server.close();
    this.#server.closes -= 1;
    this.#hasBeenClosed = true;
    if (this.#begun === Infinity) this.#closedByOthers = this.clock.now;
    return true;
  }

  listen(): boolean {
    if (this.#setting.isListening || this.#server.listening || this.#begun < Infinity) return false;
    this.#hasListened = true;
    this.#server.open();
    // Who had closed it has opened it again before that was noticed.
    this.#closedByOthers = Infinity;
    return true;
  }

  check(): void {
    // From then on there may be another one.
    if (this.#wasSettled) return;
    expect(this.#server.closes <= 1, true, 'closed once');
    expect(drainsOf(this.#server).length <= 1, true, 'begun once');
    for (const { signal } of this.#stops) {
      expect(abortListeners(signal) <= 1, true, 'listeners on a signal');
    }
  }

  checkDry(): void {
    const { now } = this.clock;
    this.#noticeClose();
    if (now >= this.#due && !this.#wasSettled) this.#force();
    for (const socket of this.#clients.sockets) this.#checkSocket(socket);
    if (this.#isSettled && !this.#wasSettled) this.#settledAt = now;
    this.#wasSettled = this.#isSettled;
    expect(this.#rejections.length, 0, 'rejections');
    this.#checkEnd();
  }

  protected async end(): Promise<void> {
    if (!this.#isSettled) await this.happen(() => this.join(500, false));
    await this.passUntil(() => this.#isSettled);
    expect(this.#reports.length, this.#calls, 'reports');
    for (const report of this.#reports) expect(report, this.#reports[0], 'the report');
    const [report = assert.fail()] = this.#reports;
    const known = this.#forced?.length ?? 0;
    const duration = this.#settledAt - this.#begun;
    const strangers = this.#clients.strangers.length;
    const isExact = this.#clients.strangers.every(({ destroyed }) => !destroyed);
    checkDrainReport(report, { known, total: this.#total, strangers, isExact, duration });
    if (this.#setting.isListening) expect(this.clock.immediates, 0, 'a turn is waited for');
    // Whoever comes after the end begins another one, of a server that has nothing any more.
    await this.happen(() => {
      for (const stranger of this.#clients.strangers) stranger.reset();
    });
    const again = drain(this.#server, { grace: 0 });
    await this.passUntil(() => this.clock.timers + this.clock.immediates === 0);
    expect((await again).finished, 0, 'finished when there is nothing');
    // If it listens later than the signal, it is closed.
    const isWatched = this.#isBegunBySignal && !this.#hasListened;
    const watches = isWatched ? { listening: 1 } : {};
    assert.deepEqual(listenersOn(this.#server), { ...this.#listenersBefore, ...watches });
    for (const { signal } of this.#stops) {
      expect(abortListeners(signal), 0, 'listeners on a signal');
    }
  }

  readonly #rejections: unknown[] = [];
  #wasSettled = false;

  #begin(isBySignal = false): void {
    this.#isBegunBySignal = isBySignal;
    this.#begun = this.clock.now;
    // Where grace is 0 they may be gone by now.
    this.#total = this.#clients.sockets.filter((one) => one.refusals > 0 || !one.isClosed).length;
    expect(drainsOf(this.#server).length, 1, 'begun');
    this.#setDeadline(this.#grace);
  }

  #setDeadline(grace: number): void {
    this.#due = Math.min(this.#due, this.clock.now + grace);
    if (grace === 0) this.#force();
  }

  #force(): void {
    this.#forced ??= this.#clients.sockets.filter(
      ({ refusals, isClosed }) => refusals > 0 || !isClosed,
    );
  }

  #noticeClose(): void {
    if (this.#begun < Infinity) return;
    const isNoticed = drainsOf(this.#server).length > 0;
    expect(this.clock.now > this.#closedByOthers + NOTICE_MS, false, 'not noticed in time');
    if (isNoticed) expect(this.#hasBeenClosed, true, 'begun without a reason');
    if (isNoticed) this.#begin();
  }

  /** Not before grace is over; and then. */
  #checkSocket(socket: FakeSocket): void {
    const isForced = this.#forced?.includes(socket) === true;
    expect(socket.refusals > 0, isForced, 'ended by force');
    // What comes after the end is its owner's.
    if (this.#forced && !this.#wasSettled) expect(socket.destroyed, true, 'open after grace');
  }

  #checkEnd(): void {
    const { now } = this.clock;
    const [least, most] = LAST_MS;
    const strangers = this.#clients.strangers.filter(({ destroyed }) => !destroyed).length;
    const isEmpty = strangers === 0 && this.#clients.sockets.every(({ destroyed }) => destroyed);
    if (now > this.#settledAt) return;
    if (this.#isSettled) {
      expect(isEmpty || now >= this.#due + least, true, 'over when all have gone');
      expect(this.#server.listening, false, 'over when it is closed');
    } else {
      expect(now > this.#due + most, false, 'not over in time');
      const isBusy = this.#server.listening || this.clock.immediates > 0;
      expect(this.#begun < Infinity && isEmpty && !isBusy, false, 'not over when all have gone');
    }
  }
}
