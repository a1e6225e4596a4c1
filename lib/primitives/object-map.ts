/** So many places are kept free, so that a few objects that come and go move no others. */
const SPARE = 64;
/** Arrays of at least so many places are given back when hardly any is used. */
const LARGE = 1024;
/** The part of its places that a large array must use. */
const LEAST_USE = 1 / 8;

/** Where an iteration stands. */
interface Cursor {
  next: number;
}

/**
 * A `Map` of objects that come and go, in order of arrival. During an iteration, what is added has
 * its turn, too, and what is removed has none.
 *
 * A `Map` itself would keep them in memory for long after they have gone: see `LinkedList`. This
 * uses the same two arrays again and again. It needs no field in the objects, which are those of
 * other owners.
 */
export class ObjectMap<Key extends object, Value> {
  /** Where each key is in the arrays. */
  readonly #places = new WeakMap<Key, number>();
  readonly #cursors = new Set<Cursor>();
  /** `undefined`: removed, or never used. */
  #keys: (Key | undefined)[] = [];
  #values: (Value | undefined)[] = [];
  /** The place behind the last one that is used. */
  #end = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(key: object): boolean {
    return this.#places.has(key as Key);
  }

  get(key: object): Value | undefined {
    const place = this.#places.get(key as Key);
    return place === undefined ? undefined : this.#values[place];
  }

  set(key: Key, value: Value): void {
    const place = this.#places.get(key);
    if (place === undefined) this.add(key, value);
    else this.#values[place] = value;
  }

  /** Sets the value of a key that is not there. */
  add(key: Key, value: Value): void {
    const place = this.#end;
    this.#places.set(key, place);
    this.#keys[place] = key;
    this.#values[place] = value;
    this.#end += 1;
    this.#size += 1;
  }

  /** @returns Whether it was there. */
  delete(key: object): boolean {
    const place = this.#places.get(key as Key);
    if (place === undefined) return false;
    this.#places.delete(key as Key);
    this.#keys[place] = undefined;
    this.#values[place] = undefined;
    this.#size -= 1;
    // Half of the places are free then: each removal pays for moving one other.
    if (this.#end - this.#size > this.#size + SPARE) this.#closeGaps();
    return true;
  }

  *[Symbol.iterator](): Generator<[Key, Value]> {
    const cursor = { next: 0 };
    this.#cursors.add(cursor);
    try {
      while (cursor.next < this.#end) {
        const place = cursor.next;
        cursor.next += 1;
        const key = this.#keys[place];
        if (key !== undefined) yield [key, this.#values[place] as Value];
      }
    } finally {
      this.#cursors.delete(cursor);
    }
  }

  *keys(): Generator<Key> {
    for (const [key] of this) yield key;
  }

  *values(): Generator<Value> {
    for (const [, value] of this) yield value;
  }

  #closeGaps(): void {
    let place = 0;
    for (let from = 0; from < this.#end; from += 1) {
      for (const cursor of this.#cursors) {
        if (cursor.next === from) cursor.next = place;
      }
      const key = this.#keys[from];
      if (key === undefined) continue;
      this.#keys[place] = key;
      this.#values[place] = this.#values[from];
      this.#places.set(key, place);
      place += 1;
    }
    this.#keys.fill(undefined, place, this.#end);
    this.#values.fill(undefined, place, this.#end);
    for (const cursor of this.#cursors) cursor.next = Math.min(cursor.next, place);
    this.#end = place;
    if (this.#keys.length < LARGE || place > this.#keys.length * LEAST_USE) return;
    this.#keys = this.#keys.slice(0, place);
    this.#values = this.#values.slice(0, place);
  }
}
