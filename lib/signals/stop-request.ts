import { REPETITION_MS } from '../bounds.ts';
import { setImmediate, unref } from '../primitives/timers.ts';

const recent = new Set<StopRequest>();

/**
 * One request to stop: by a signal, a message or a disconnect. Create it when the request comes.
 */
export class StopRequest {
  readonly #signals: ReadonlySet<string>;

  /** @param signals - The signals that count as a repetition while the request is recent. */
  constructor(signals: ReadonlySet<string>) {
    this.#signals = signals;
    recent.add(this);
    // If the event loop stalls, the signals of that time are delivered after the timers, and before
    // the immediates.
    unref(setTimeout(() => setImmediate(() => recent.delete(this)), REPETITION_MS));
  }

  /** Whether a signal that comes now is a repetition. */
  get isRecent(): boolean {
    return recent.has(this);
  }

  /** The recent requests that one of these signals would repeat. */
  static recent(signals: ReadonlySet<string>): StopRequest[] {
    return [...recent].filter((request) => [...signals].some((name) => request.#signals.has(name)));
  }
}
