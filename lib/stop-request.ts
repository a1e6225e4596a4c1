import { setImmediate, unref } from './timers.ts';

/**
 * How long, in milliseconds, whatever asks the process to stop repeats the first request. One stop
 * often arrives as several signals: npm sends Ctrl-C again after 0.2 to 1 ms, nodemon sends its
 * signal two or three times within 70 ms, concurrently again after 92 to 105 ms, and Apollo Server
 * raises it again after 15 ms. A person who presses Ctrl-C twice on purpose is slower.
 */
const REPETITION_MS = 250;

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
