import type { ServeContext } from 'accept-loop';
import type { FakeStream } from './fake-stream.ts';

/** How a handler behaves: each has its own way, drawn when its connection comes. */
export interface Manner {
  readonly style: 'promise' | 'callback' | 'throws' | 'resolves';
  readonly readsSignals: boolean;
  readonly writes: boolean;
  readonly reads: boolean;
}

export function mannerOf(choice: number): Manner {
  const styles = ['promise', 'promise', 'callback', 'promise', 'throws', 'resolves'] as const;
  return {
    style: styles[choice % styles.length] ?? 'promise',
    readsSignals: (choice & 8) > 0,
    writes: (choice & 16) > 0,
    reads: (choice & 32) > 0,
  };
}

/** A handler that was called, until it is told to settle. */
export class FakeHandler {
  readonly stream: FakeStream;
  readonly manner: Manner;
  readonly signals: { signal: AbortSignal; draining: AbortSignal } | undefined;
  /** How it has settled, when it has; `closed` is of callback style. */
  outcome: 'resolved' | 'rejected' | 'closed' | undefined;
  settledAt = Infinity;
  readonly thrown: Error = new Error('thrown by a handler');
  #resolve = (): void => {};
  #reject = (_error: unknown): void => {};
  readonly #now: () => number;

  constructor(stream: FakeStream, manner: Manner, context: ServeContext, now: () => number) {
    this.stream = stream;
    this.manner = manner;
    this.#now = now;
    const { signal, draining } = manner.readsSignals ? context : {};
    this.signals = signal && draining && { signal, draining };
  }

  begin(): unknown {
    const { style, writes, reads } = this.manner;
    if (reads) this.stream.resume();
    if (writes && this.stream.writable) this.stream.write('hello');
    if (style === 'throws') {
      this.#settle('rejected');
      throw this.thrown;
    }
    if (style === 'callback') {
      this.stream.once('close', () => this.#settle('closed'));
      return undefined;
    }
    if (style === 'resolves') this.#settle('resolved');
    if (style === 'resolves') return Promise.resolve();
    return new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Whether it is for somebody to say how it ends. */
  get canSettle(): boolean {
    return this.outcome === undefined && this.manner.style === 'promise';
  }

  /** Whether it may still do something with its connection. */
  get isBusy(): boolean {
    return this.outcome === undefined && !this.stream.destroyed;
  }

  /** Ends as its connection or its signals have: what rejects so is no fault of its own. */
  passOn(): void {
    const { signal, draining } = this.signals ?? {};
    if (signal?.aborted) this.reject(signal.reason);
    else if (draining?.aborted) this.reject(draining.reason);
    else if (this.stream.errored) this.reject(this.stream.errored);
    else this.resolve();
  }

  resolve(): void {
    this.#settle('resolved');
    this.#resolve();
  }

  reject(error: unknown): void {
    this.#settle('rejected');
    this.#reject(error);
  }

  #settle(outcome: NonNullable<FakeHandler['outcome']>): void {
    this.outcome ??= outcome;
    this.settledAt = Math.min(this.settledAt, this.#now());
  }
}
