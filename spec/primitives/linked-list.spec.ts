import assert from 'node:assert/strict';
import { type Linked, LinkedList } from '../../lib/primitives/linked-list.ts';
import { randomOf } from '../support/random.ts';
import { suite } from '../support/suite.ts';

const test = suite('a linked list');

interface Thing extends Linked<Thing> {
  readonly id: number;
}

const thing = (id: number): Thing => ({
  id,
  list: undefined,
  previous: undefined,
  next: undefined,
});

test('has the same as an array, whatever comes and goes', () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = randomOf(seed);
    const list = new LinkedList<Thing>();
    let array: Thing[] = [];
    for (let step = 0; step < 60; step += 1) {
      const one = array[Math.floor(random() * array.length)];
      if (one === undefined || random() < 0.5) {
        const added = thing(step);
        list.add(added);
        array.push(added);
      } else {
        assert.equal(list.delete(one), true);
        array = array.filter((other) => other !== one);
      }
      assert.deepEqual(
        list.all().map(({ id }) => id),
        array.map(({ id }) => id),
      );
      assert.equal(list.first, array[0]);
      assert.equal(list.size, array.length);
    }
  }
});

test('knows what is not in it, and lets what has gone lead to nobody', () => {
  const list = new LinkedList<Thing>();
  const [first, second, third] = [thing(1), thing(2), thing(3)];
  for (const one of [first, second, third]) list.add(one);
  assert.equal(list.delete(second), true);
  assert.equal(list.delete(second), false);
  assert.equal(list.delete(thing(4)), false);
  assert.deepEqual([second.previous, second.next], [undefined, undefined]);
  list.delete(third);
  list.delete(first);
  assert.deepEqual([list.first, list.size, list.all()], [undefined, 0, []]);
  list.add(second);
  assert.deepEqual(list.all(), [second]);
});

test('takes a thing out of the list that it was in', () => {
  const [one, other] = [new LinkedList<Thing>(), new LinkedList<Thing>()];
  const [first, second] = [thing(1), thing(2)];
  for (const each of [first, second]) one.add(each);
  other.add(first);
  assert.deepEqual([one.all(), other.all()], [[second], [first]]);
  assert.equal(one.delete(first), false);
  one.add(second);
  assert.deepEqual([one.size, one.first, one.last], [1, second, second]);
});

test.run();
