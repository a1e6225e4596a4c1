import assert from 'node:assert/strict';
import { ObjectMap } from '../../lib/primitives/object-map.ts';
import { garbageCollector } from '../support/garbage.ts';
import { randomOf } from '../support/random.ts';
import { runtime } from '../support/runtime.ts';
import { suite } from '../support/suite.ts';
import { turns } from '../support/turns.ts';

const test = suite('an object map');

interface Thing {
  readonly id: number;
}

/** What the two have in common: it is tried on both. */
type EitherMap = Pick<Map<Thing, number>, 'get' | 'has' | 'delete' | 'size'> & {
  set(thing: Thing, value: number): unknown;
  keys(): Iterator<Thing>;
  values(): Iterable<number>;
  [Symbol.iterator](): Iterator<[Thing, number]>;
};

/** Does the same steps with a map. @returns What each step has shown. */
function steps(map: EitherMap, seed: number): unknown[] {
  const random = randomOf(seed);
  const pick = (most: number): number => Math.floor(random() * most);
  const things = Array.from({ length: 300 }, (_, id) => ({ id }));
  const iterations: Iterator<[Thing, number]>[] = [];
  const shown: unknown[] = [];
  // At times most things come, at times most go.
  for (let step = 0; step < 2000; step += 1) {
    const share = Math.floor(step / 400) % 2 === 0 ? 0.7 : 0.2;
    const thing = things[pick(things.length)] as Thing;
    if (random() < share) map.set(thing, step);
    else shown.push(map.delete(thing));
    if (random() < 0.02) iterations.push(map[Symbol.iterator]());
    if (iterations.length > 0 && random() < 0.5)
      shown.push(iterations[pick(iterations.length)]?.next());
    shown.push(map.size, map.get(thing), map.has(thing));
    if (step % 50 === 0) shown.push([...map], [...map.values()], map.keys().next());
  }
  for (const iteration of iterations) shown.push(iteration.next());
  return shown;
}

test('shows the same as a Map, whatever comes and goes during iterations', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    assert.deepEqual(steps(new ObjectMap(), seed), steps(new Map(), seed), `seed ${seed}`);
  }
});

test('shows the same as a Map after thousands have come and gone', () => {
  const [map, model] = [new ObjectMap<Thing, number>(), new Map<Thing, number>()];
  const things = Array.from({ length: 5000 }, (_, id) => ({ id }));
  const iterations: Iterator<[Thing, number]>[] = [];
  for (const one of [map, model] as EitherMap[]) {
    for (const thing of things) one.set(thing, thing.id);
    iterations.push(one[Symbol.iterator]());
    iterations.at(-1)?.next();
    for (const { id } of things) if (id % 100 !== 7) one.delete(things[id] as Thing);
    one.set(things[0] as Thing, -1);
  }
  assert.deepEqual([...map], [...model]);
  for (const iteration of iterations) assert.deepEqual(iteration.next().value, [things[7], 7]);
});

/** Has thousands come and go. @returns How many bytes more are in use, by what has gone. */
async function keptBy(map: EitherMap): Promise<number> {
  const collect: (options?: { type: 'minor' }) => void = garbageCollector();
  const open: Thing[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < 20; round += 1) {
    for (let id = 0; id < 1000; id += 1) {
      const thing = { id, room: Array.from({ length: 100 }, () => id) };
      map.set(thing, id);
      open.push(thing);
      const oldest = open.length > 64 ? open.shift() : undefined;
      if (oldest) map.delete(oldest);
    }
    await turns(1);
    collect({ type: 'minor' });
  }
  return process.memoryUsage().heapUsed - before;
}

/** A sixteenth of what has come. */
const MOST = 1_000_000;

// The others do not collect young objects alone.
if (runtime.name === 'node') {
  test('keeps nothing in memory that has gone, where a Map keeps nearly all', async () => {
    const [kept, byMap] = [await keptBy(new ObjectMap()), await keptBy(new Map())];
    assert.ok(kept < MOST && byMap > 4 * MOST, `${kept} bytes are kept, and ${byMap} by a Map`);
  });
}

test.run();
