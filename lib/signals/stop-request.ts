import { REPETITION_MS } from '../bounds.ts';
import { setImmediate, unref } from '../primitives/timers.ts';

const recent = new Set<StopRequest>();

/** One request to stop, by whatever means it came. Made when it comes. */
export class StopRequest {
  readonly #signals: ReadonlySet<string>;

  /** @param signals - The signals that would repeat it. */
  constructor(signals: ReadonlySet<string>) {
    this.#signals = signals;
    recent.add(this);
    // Signals that came while the event loop stalled are delivered after the timers, and before
    // the immediates.
    unref(setTimeout(() => setImmediate(() => recent.delete(this)), REPETITION_MS));
  }

  /** Whether what comes now repeats it. */
  get isRecent(): boolean {
    return recent.has(this);
  }

  /** The recent ones that one of these signals would repeat. */
  static recent(signals: ReadonlySet<string>): StopRequest[] {
    return [...recent].filter((request) => [...signals].some((name) => request.#signals.has(name)));
  }
}
