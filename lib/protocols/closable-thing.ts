import { attempt, attemptEach } from '../primitives/attempt.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';
import type { Closable, Life } from './protocol.ts';
import { reset, type Resettable } from './socket.ts';
import type { Addressed } from '../shutdown/stragglers.ts';

/** The methods that end a thing by force, the best one first. */
const forces = ['resetAndDestroy', 'terminate', 'destroy'] as const;

/** The methods that end a thing which has none of these. */
const farewells = ['disconnect', 'end'] as const;

const endings = [...forces, ...farewells];

/** Something that has an end: a socket, or a client of any protocol. */
export interface Thing extends Life, Addressed, Partial<Resettable> {
  readonly destroyed?: boolean;
  readonly closed?: unknown;
  readonly disconnected?: unknown;
  terminate?(): void;
  disconnect?(): void;
  end?(): void;
}

/** The argument of an event that has an end, if there is one: of several, the one with the best. */
export function thingIn(args: unknown[]): Thing | undefined {
  let found: Thing | undefined;
  let best: number = endings.length;
  for (const argument of args) {
    // Asked first: most arguments are no emitters, and this is called several times for each event.
    if (!isEmitter(argument)) continue;
    for (let rank = 0; rank < best; rank += 1) {
      const ending = endings[rank];
      if (ending === undefined || typeof argument[ending] !== 'function') continue;
      found = argument;
      best = rank;
    }
  }
  return found;
}

function isEmitter(argument: unknown): argument is Thing {
  if (typeof argument !== 'object' || argument === null) return false;
  const { on, off } = argument as Partial<Thing>;
  return typeof on === 'function' && typeof off === 'function';
}

/** Whether the thing says that it is gone. */
export function isThingGone({ destroyed, closed, disconnected }: Thing): boolean {
  return destroyed === true || closed === true || disconnected === true;
}

/** Ends the thing now, by the hardest means that it has. */
export function endThing(thing: Thing): void {
  // The method is its owner's and may throw. Other things have to be ended all the same.
  attempt((): unknown => {
    if (thing.terminate && !thing.resetAndDestroy) return thing.terminate();
    if (thing.resetAndDestroy || thing.destroy) return reset(thing);
    return isThingGone(thing) ? undefined : thing[thing.disconnect ? 'disconnect' : 'end']?.();
  });
}

/** The things that are waited for. */
const lives = new WeakMap<Thing, SharedLife>();

/** The emitter of the thing's `'close'`. */
export function lifeOf(thing: Thing): Life {
  return lives.get(thing) ?? new SharedLife(thing);
}

/**
 * The end of one thing. Many events may bring the same thing, as the messages of one client do. So
 * the thing has one listener for all of them.
 */
class SharedLife implements Life {
  readonly #thing: Thing;
  readonly #events: readonly string[];
  readonly #waiting = new Set<() => void>();

  constructor(thing: Thing) {
    this.#thing = thing;
    // A client of Socket.IO emits nothing else at its end.
    const events = isForceful(thing) || thing.end ? ['close'] : ['close', 'disconnect'];
    this.#events = events;
  }

  on(_event: string, listener: () => void): void {
    for (const name of this.#events) keepListener(this.#thing, name, this.#onEnd);
    this.#waiting.add(listener);
    lives.set(this.#thing, this);
  }

  off(_event: string, listener: () => void): void {
    if (!this.#waiting.delete(listener) || this.#waiting.size > 0) return;
    lives.delete(this.#thing);
    for (const name of this.#events) this.#thing.off(name, this.#onEnd);
  }

  readonly #onEnd = (): void => attemptEach(this.#waiting, (listener) => listener());
}

/** Puts a listener on a thing once, however often it is called. Its owner may have removed it. */
export function keepListener(thing: Thing, event: string, listener: () => void): void {
  thing.off(event, listener);
  thing.on(event, listener);
}

/** Whether the thing has a method that ends it by force. */
export function isForceful(thing: Thing): boolean {
  return forces.some((name) => thing[name] !== undefined);
}

/** A thing that is no stream, or none at all: a datagram has nothing that ends. */
export class ClosableThing implements Closable {
  readonly #thing: Thing | undefined;
  #isClosed: boolean;
  /** The method that has asked it to end. */
  #farewell: 'end' | 'disconnect' | undefined;

  constructor(thing: Thing | undefined) {
    this.#thing = thing;
    this.#isClosed = thing === undefined;
  }

  end(onFlushed: () => void): void {
    const thing = this.#thing;
    if (thing === undefined || isForceful(thing)) this.destroy();
    else {
      this.#farewell = thing.end ? 'end' : 'disconnect';
      warnOfRejection(thing[this.#farewell]?.());
    }
    onFlushed();
  }

  destroy(): void {
    const thing = this.#thing;
    const hasAsked = thing && this.#farewell === (thing.disconnect ? 'disconnect' : 'end');
    if (thing && !hasAsked) endThing(thing);
    // It may never say that it has closed.
    this.#isClosed = true;
  }

  isClosed(): boolean {
    return this.#isClosed || (this.#thing !== undefined && isThingGone(this.#thing));
  }

  onClose(callback: () => void): void {
    const life = this.#thing && lifeOf(this.#thing);
    const onClosed = (): void => {
      this.#isClosed = true;
      life?.off('close', onClosed);
      callback();
    };
    if (this.isClosed()) callback();
    else life?.on('close', onClosed);
  }
}
