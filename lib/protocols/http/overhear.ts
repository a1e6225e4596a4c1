import type { EventEmitter } from 'node:events';
import { harmless } from '../../primitives/harmless.ts';
import { attemptOf, hear, hearFirst, unhear } from '../../primitives/hear.ts';

type Listener = (...args: unknown[]) => void;

/** Marks the listeners that only overhear, also those of other copies of the package. */
const mark = Symbol.for('accept-loop.overhearing');

const overhearings = new WeakMap<EventEmitter, Overhearing>();

/**
 * Hears an event while other code listens for it, and before that code. This is for events whose
 * listeners change what the emitter does. For example, an HTTP server leaves upgrades to a
 * listener.
 *
 * @returns What ends it.
 */
export function overhear(
  emitter: EventEmitter,
  event: string,
  listener: (...args: never[]) => void,
): () => void {
  const overhearing = overhearings.get(emitter) ?? new Overhearing(emitter);
  overhearings.set(emitter, overhearing);
  // A new function each time: one listener may hear two events, or one event twice.
  const heard: Listener = Object.assign(harmless(listener as Listener), { [mark]: true });
  overhearing.add(event, heard);
  return () => {
    overhearing.delete(event, heard);
    if (overhearing.isOver) overhearings.delete(emitter);
  };
}

/** How many listeners an event has, without those that overhear it. */
export function countListeners(emitter: EventEmitter, event: string): number {
  const all = attemptOf(emitter, 'listeners', () => emitter.listeners(event)) ?? [];
  return all.filter((listener) => !(mark in listener)).length;
}

/**
 * Everything that is overheard of one emitter. The emitter has one listener for `'newListener'` and
 * one for `'removeListener'`.
 */
class Overhearing {
  readonly #emitter: EventEmitter;
  readonly #listeners = new Map<string, Set<Listener>>();
  /** The listeners that are on the emitter now. */
  readonly #hearing = new Map<string, Set<Listener>>();

  constructor(emitter: EventEmitter) {
    this.#emitter = emitter;
    hear(emitter, 'newListener', this.#onAdded);
    hear(emitter, 'removeListener', this.#onRemoved);
  }

  get isOver(): boolean {
    return this.#listeners.size === 0;
  }

  add(event: string, listener: Listener): void {
    const isHeard = countListeners(this.#emitter, event) > 0;
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    if (isHeard) this.#begin(event, listener);
  }

  delete(event: string, listener: Listener): void {
    const listeners = this.#listeners.get(event);
    if (!listeners?.delete(listener)) return;
    if (listeners.size === 0) this.#listeners.delete(event);
    this.#hearing.get(event)?.delete(listener);
    if (this.isOver) {
      unhear(this.#emitter, 'newListener', this.#onAdded);
      unhear(this.#emitter, 'removeListener', this.#onRemoved);
    }
    unhear(this.#emitter, event, listener);
  }

  #begin(event: string, listener: Listener): void {
    const hearing = this.#hearing.get(event) ?? new Set();
    if (hearing.has(listener)) return;
    this.#hearing.set(event, hearing.add(listener));
    hearFirst(this.#emitter, event, listener);
  }

  readonly #onAdded = (event: string | symbol, by: Listener): void => {
    const listeners = this.#listeners.get(String(event));
    if (listeners === undefined || mark in by) return;
    for (const listener of listeners) this.#begin(String(event), listener);
  };

  readonly #onRemoved = (event: string | symbol): void => {
    const hearing = this.#hearing.get(String(event));
    if (!hearing?.size || countListeners(this.#emitter, String(event)) > 0) return;
    const present = [...hearing];
    hearing.clear();
    for (const listener of present) unhear(this.#emitter, event, listener);
  };
}
