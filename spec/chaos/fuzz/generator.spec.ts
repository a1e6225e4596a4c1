import assert from 'node:assert/strict';
import { suite } from '../../support/suite.ts';
import { drawFrom } from '../storm/draw.ts';
import { COST_EVERY, drawPlan } from './draw-plan.ts';
import { acts, cuts, deeds, kinds, type Plan, stopWays, tunings, ways } from './plan.ts';
import { bytesIn, show, stepsOf, times } from './script.ts';
import { type Protocol, protocols, shapeOf, shapes } from './shapes/all.ts';
import { heavy } from './shapes/heavy.ts';

const test = suite('the generator of the fuzzer');

const SEED = 1;
/** Enough for the rarest of them. */
const ROUNDS = 2000;
const COSTS = 300;

const draw = (round: number, seed = SEED): Plan => drawPlan({ seed, round, kinds });
const rounds: Plan[] = times(ROUNDS, (round) => draw(round)).filter(({ isCost }) => !isCost);
const costs: Plan[] = times(COSTS, (index) => draw(COST_EVERY * (index + 1) - 1));

/** Asserts that each of these was drawn, and nothing else. */
function assertDrawn(drawn: Iterable<string>, all: Iterable<string>): void {
  assert.deepEqual([...new Set(drawn)].toSorted(), [...new Set(all)].toSorted());
}

const count = (protocol: Protocol): number => Object.keys(shapes[protocol]).length;

test('has as many shapes as were asked for', () => {
  assert.ok(count('http1') >= 60);
  assert.ok(count('http2') >= 30);
  assert.ok(count('webSocket') >= 15);
  assert.ok(count('handshake') >= 5);
});

test('draws every shape', () => {
  const names = protocols.flatMap((name) =>
    Object.keys(shapes[name]).map((key) => `${name} ${key}`),
  );
  const visits = rounds.flatMap(({ visits: all }) => all);
  assertDrawn(
    visits.map(({ protocol, name }) => `${protocol} ${name}`),
    names,
  );
});

test('draws every heavy shape, of those whose cost is compared', () => {
  const names = new Set(costs.map(({ visits }) => visits[0]?.name));
  const all = Object.values(heavy).flatMap((each) => Object.keys(each));
  assert.deepEqual(
    all.filter((name) => !names.has(name)),
    [],
  );
  assert.ok(costs.every(({ isCost }) => isCost));
});

test('draws every kind of server, tuning, way, stop, act, deed and cut', () => {
  assertDrawn(
    rounds.map(({ kind }) => kind),
    kinds,
  );
  assertDrawn(
    rounds.map(({ tuning }) => tuning),
    tunings,
  );
  assertDrawn(
    rounds.map(({ way }) => way),
    ways.filter((way) => way !== 'bare'),
  );
  assertDrawn(
    rounds.map(({ way, stop }) => `${way} ${stop.way}`),
    ways.flatMap((way) => (way === 'bare' ? [] : stopWays[way].map((stop) => `${way} ${stop}`))),
  );
  assertDrawn(
    rounds.flatMap((plan) => plan.acts),
    acts,
  );
  assertDrawn(
    rounds.flatMap(({ owner }) => (owner ? [owner.deed] : [])),
    deeds,
  );
  assertDrawn(
    rounds.flatMap(({ visits }) => visits.map(({ cut }) => cut)),
    cuts,
  );
});

test('draws clients before, during and after a stop', () => {
  const visits = rounds.flatMap(({ stop, visits: all }) =>
    all.map(({ at }) => at - (stop.at ?? 0)),
  );
  assert.ok(visits.some((at) => at < -50));
  assert.ok(visits.some((at) => at > 50));
});

test('draws the same rounds for the same seed, and others for another one', () => {
  for (const [round, plan] of rounds.slice(0, COST_EVERY - 1).entries()) {
    assert.deepEqual(draw(round), plan);
    assert.notDeepEqual(draw(round, SEED + 1), plan);
  }
});

test('makes the same steps of a shape for the same seed', () => {
  for (const protocol of protocols) {
    for (const name of Object.keys(shapes[protocol])) {
      const make = () => stepsOf(shapeOf(protocol, name)(drawFrom(7)));
      assert.deepEqual(make(), make(), name);
    }
  }
});

test('sends no more than a bound', () => {
  const most = Math.max(
    ...rounds.flatMap(({ visits }) => visits.map(({ steps }) => bytesIn(steps))),
  );
  assert.ok(most < 2_000_000, String(most));
});

test('shows a script in one line of plain characters', () => {
  const text = show(stepsOf(['a "b"\\\r\n', Buffer.of(0, 255), { does: 'end' }, 'x'.repeat(500)]));
  assert.match(text, /^[ -~]+$/);
  assert.ok(text.startsWith(String.raw`"a \"b\"\\\r\n" "\x00\xff" end "xxx`), text);
  assert.ok(text.endsWith('"+380'), text);
});

test.run();
