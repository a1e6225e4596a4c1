import { LOOK_AGAIN_MS } from '../../bounds.ts';
import { after } from '../../primitives/after.ts';
import { type Linked, LinkedList } from '../../primitives/linked-list.ts';
import { setImmediate } from '../../primitives/timers.ts';
import { inSlices } from '../../shutdown/in-slices.ts';

const nothing = (): void => {};

/** The alarms that are due in the same millisecond. One timer serves any number. */
class Bell {
  readonly #time: number;
  readonly #byTime: Map<number, Bell>;
  readonly #isBehindInput: boolean;
  readonly #onDue: (alarms: LinkedList<Alarm>) => void;
  readonly #alarms = new LinkedList<Alarm>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onDue - Called at that time, with the alarms that were not cleared. */
  constructor(
    time: number,
    byTime: Map<number, Bell>,
    isBehindInput: boolean,
    onDue: (alarms: LinkedList<Alarm>) => void,
  ) {
    this.#time = time;
    this.#byTime = byTime;
    this.#isBehindInput = isBehindInput;
    this.#onDue = onDue;
    this.#wait();
  }

  add(alarm: Alarm): void {
    this.#alarms.add(alarm);
  }

  /** An alarm was cleared. */
  onCleared(): void {
    if (this.#alarms.size > 0) return;
    clearTimeout(this.#timer);
    if (this.#byTime.get(this.#time) === this) this.#byTime.delete(this.#time);
  }

  #wait(): void {
    this.#timer = after(this.#time - performance.now(), () => {
      // A timer counts from the beginning of its turn, which may have been long ago.
      if (performance.now() < this.#time) return this.#wait();
      this.#byTime.delete(this.#time);
      if (!this.#isBehindInput) return this.#onDue(this.#alarms);
      const onRead = (): void => this.#onDue(this.#alarms);
      this.#timer = after(LOOK_AGAIN_MS, () => void setImmediate(onRead));
    });
  }
}

/**
 * The timers of the alarms of one server. Thousands of connections may begin to wait at the same
 * time, and for as long. They share a timer, and are called in slices.
 */
export class Alarms {
  readonly #byTime = new Map<number, Bell>();
  readonly #behindInput = new Map<number, Bell>();
  /** The alarms that are due, of all bells. */
  readonly #due = new LinkedList<Alarm>();
  #isRinging = false;

  /** @param time - Of `performance.now()`. */
  bellAt(time: number, isBehindInput: boolean): Bell {
    const byTime = isBehindInput ? this.#behindInput : this.#byTime;
    const due = Math.ceil(time);
    const bell = byTime.get(due) ?? new Bell(due, byTime, isBehindInput, this.#ring);
    byTime.set(due, bell);
    return bell;
  }

  /** Connections rest at different times: the bells of a whole second share the same slices. */
  readonly #ring = (alarms: LinkedList<Alarm>): void => {
    for (let { first } = alarms; first; { first } = alarms) this.#due.add(first);
    if (this.#isRinging) return;
    this.#isRinging = true;
    // By then, all bells of this turn have rung.
    setImmediate(() => inSlices(this.#calls(), () => (this.#isRinging = false)));
  };

  /** Each alarm is asked for when it has its turn: it may be cleared until then. */
  *#calls(): Generator<() => void> {
    for (let { first } = this.#due; first; { first } = this.#due) {
      this.#due.delete(first);
      yield first.callback;
    }
  }
}

/** One time to call back at. A new time replaces the time before. */
export class Alarm implements Linked<Alarm> {
  list: LinkedList<Alarm> | undefined;
  previous: Alarm | undefined;
  next: Alarm | undefined;
  callback: () => void = nothing;
  readonly #alarms: Alarms;
  #bell: Bell | undefined;

  constructor(alarms: Alarms) {
    this.#alarms = alarms;
  }

  /**
   * @param time - Of `performance.now()`. The callback never comes earlier. With `Infinity` it
   * never comes.
   */
  set(time: number, callback: () => void): void {
    this.#enter(time, callback, false);
  }

  /** Calls back at a time, once the input that had come by then has been read. */
  setBehindInput(time: number, look: () => void): void {
    this.#enter(time, look, true);
  }

  clear(): void {
    this.list?.delete(this);
    this.#bell?.onCleared();
    this.#bell = undefined;
  }

  #enter(time: number, callback: () => void, isBehindInput: boolean): void {
    this.clear();
    if (time === Infinity) return;
    this.callback = callback;
    this.#bell = this.#alarms.bellAt(time, isBehindInput);
    this.#bell.add(this);
  }
}
