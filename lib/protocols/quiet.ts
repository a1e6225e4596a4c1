import {
  FIRST_REQUEST_MS,
  LOOK_AGAIN_MS,
  QUIET_LOOK_MS,
  QUIET_LOOKS,
  QUIET_PAUSE,
} from '../bounds.ts';
import type { Socket } from 'node:net';
import { after } from '../primitives/after.ts';
import { endSilent } from './closable-stream.ts';
import { followTalk, silenceOf } from './talk.ts';
import { type End, inSlices } from '../shutdown/in-slices.ts';
import { unref } from '../primitives/timers.ts';
import { warn } from '../primitives/warn.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';

const nothing = (): void => {};

/**
 * Tells whether the owner of a socket owes something to its client, which cannot be seen from
 * outside.
 */
export type IsBusy = (socket: Socket) => unknown;

export interface QuietOptions {
  /** Milliseconds of silence after which a connection is ended. */
  quiet: number;
  /** Asked when a connection is about to be ended. */
  isBusy: IsBusy | undefined;
  /** Milliseconds that a client then has to end its own side. */
  readonly linger: number;
}

export interface QuietHost {
  /** The open connections that are followed. */
  readonly open: () => Iterable<Socket>;
  /**
   * Whether the listener is closed. While it is open, a client that is ended would come back to it.
   */
  readonly isClosed: () => boolean;
}

/**
 * In a shutdown, ends the connections that owe nothing and are silent. It looks at all connections
 * again and again, by their counts of bytes. That takes one timer, and no listener that would make
 * the sockets flow.
 */
export class Quiet {
  readonly #options: QuietOptions;
  readonly #host: QuietHost;
  /** When each connection was ended here, of `performance.now()`. */
  readonly #ended = new WeakMap<Socket, number>();
  /** Connections whose own getters or methods throw. */
  readonly #resistant = new WeakSet<Socket>();
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  constructor(options: QuietOptions, host: QuietHost) {
    this.#options = options;
    this.#host = host;
  }

  /** From now on it is known which side of the connection has spoken last. */
  follow(socket: Socket): void {
    followTalk(socket);
  }

  /** Whether the connection was ended here, and not by its owner. */
  hasEnded(socket: Socket): boolean {
    return this.#ended.has(socket);
  }

  /** Begins the shutdown. Every silence counts from now on. */
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
      // Timers come before input. After a long turn, the client's next bytes may be there, unread.
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
      // The client may have been accepted a moment ago, and its first bytes may be on the way.
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
      if (this.#ended.has(socket)) return warnOfRejection(socket.destroy());
      const isBusy = this.#options.isBusy?.(socket);
      warnOfRejection(isBusy);
      if (isBusy) return;
      this.#ended.set(socket, performance.now());
      endSilent(socket);
    } catch (error) {
      this.#resist(socket, error);
    }
  }

  /** Leaves the connection alone until grace is over, and warns its owner once. */
  #resist(socket: Socket, error: unknown): void {
    this.#resistant.add(socket);
    warn(error);
  }
}
