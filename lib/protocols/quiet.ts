import {
  FIRST_REQUEST_MS,
  LOOK_AGAIN_MS,
  QUIET_LOOK_MS,
  QUIET_LOOKS,
  QUIET_PAUSE,
} from '../bounds.ts';
import type { Socket } from 'node:net';
import { after } from '../primitives/after.ts';
import { endSilent } from './socket.ts';
import { followTalk, silenceOf } from './talk.ts';
import { type End, inSlices } from '../shutdown/in-slices.ts';
import { unref } from '../primitives/timers.ts';
import { warn } from '../primitives/warn.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';

const nothing = (): void => {};

/** Whether its owner owes something to a client, which cannot be seen from outside. */
export type IsBusy = (socket: Socket) => unknown;

export interface QuietOptions {
  /** Milliseconds of silence. */
  quiet: number;
  /** Asked when a connection is about to be ended. */
  isBusy: IsBusy | undefined;
  /** Milliseconds that a client has to end its side after that. */
  readonly linger: number;
}

export interface QuietHost {
  /** The connections that are open, and were followed. */
  readonly open: () => Iterable<Socket>;
  /** Whether the listener is closed: a client that is told to go would come back to it. */
  readonly isClosed: () => boolean;
}

/**
 * Ends in a shutdown the connections that owe nothing and are silent. It looks at all of them now and
 * then, by their counts of bytes: with one timer, and no listener that would make them flow.
 */
export class Quiet {
  readonly #options: QuietOptions;
  readonly #host: QuietHost;
  /** Those that it has ended: when, of `performance.now()`. */
  readonly #ended = new WeakMap<Socket, number>();
  /** Those whose own getters or methods throw. */
  readonly #resistant = new WeakSet<Socket>();
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  constructor(options: QuietOptions, host: QuietHost) {
    this.#options = options;
    this.#host = host;
  }

  /** From now on it is known of it who has the last word. */
  follow(socket: Socket): void {
    followTalk(socket);
  }

  /** Whether it has been ended here, and not by its owner. */
  hasEnded(socket: Socket): boolean {
    return this.#ended.has(socket);
  }

  /** The shutdown begins, and with it every silence. */
  begin(): void {
    if (this.#isOn || this.#options.quiet === Infinity) return;
    this.#isOn = true;
    this.#look();
  }

  stop(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  #look(): void {
    const begun = performance.now();
    const due: Socket[] = [];
    inSlices(this.#looks(due), () => {
      if (!this.#isOn) return;
      this.#lookAgain((performance.now() - begun) * QUIET_PAUSE);
      if (due.length === 0 || !this.#host.isClosed()) return;
      // Timers come before input: after a turn that took long, the next word may be there unread.
      unref(after(LOOK_AGAIN_MS, () => this.#endAll(due)));
    });
  }

  *#looks(due: Socket[]): Generator<End> {
    for (const socket of this.#host.open()) {
      yield () => {
        if (this.#isDue(socket)) due.push(socket);
      };
    }
  }

  #lookAgain(least: number): void {
    const period = Math.max(LOOK_AGAIN_MS, this.#options.quiet / QUIET_LOOKS);
    const pause = Math.max(least, Math.min(QUIET_LOOK_MS, period));
    this.#timer = after(pause, () => this.#look());
    unref(this.#timer);
  }

  #endAll(due: Socket[]): void {
    inSlices(
      due.map((socket) => () => this.#endDue(socket)),
      nothing,
    );
  }

  #isDue(socket: Socket): boolean {
    if (this.#resistant.has(socket)) return false;
    const ended = this.#ended.get(socket);
    if (ended !== undefined) return performance.now() - ended >= this.#options.linger;
    try {
      const silence = silenceOf(socket);
      const { quiet } = this.#options;
      // Its client may have been accepted a moment ago, and its first word be on the way.
      const least = socket.bytesRead === 0 ? Math.max(quiet, FIRST_REQUEST_MS) : quiet;
      return silence > 0 && silence >= least;
    } catch (error) {
      this.#resist(socket, error);
      return false;
    }
  }

  #endDue(socket: Socket): void {
    if (!this.#isOn || !this.#isDue(socket)) return;
    try {
      if (this.#ended.has(socket)) return void socket.destroy();
      const isBusy = this.#options.isBusy?.(socket);
      warnOfRejection(isBusy);
      if (isBusy) return;
      this.#ended.set(socket, performance.now());
      endSilent(socket);
    } catch (error) {
      this.#resist(socket, error);
    }
  }

  /** It has until grace, and its owner is told once. */
  #resist(socket: Socket, error: unknown): void {
    this.#resistant.add(socket);
    warn(error);
  }
}
