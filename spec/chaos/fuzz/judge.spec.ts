import assert from 'node:assert/strict';
import { suite } from '../../support/suite.ts';
import { drawPlan } from './draw-plan.ts';
import { Processes } from './judge/processes.ts';
import { type Result, tryRound } from './judge/try-round.ts';
import type { Plan, Ticket } from './plan.ts';
import { bytesIn } from './script.ts';
import { type Sabotage, sabotages } from './server/sabotage.ts';

const test = suite('the judge of the fuzzer', { timeout: 60_000 });

/** What it has to say of each fault that is put in on purpose. */
const told: Partial<Record<Sabotage, RegExp>> = {
  throws: /^the process has died .*Sabotage/,
  rejects: /^the process has died .*Sabotage/,
  'miscounts a look': /^the counts add up at every look: /,
  'miscounts the end': /^the counts add up at the end: accepted /,
  'leaves a socket open': /^nothing is open at the end: 1/,
  'leaves a listener': /^listeners are back: connection: /,
  'ends late': /^it is over by its deadline: .* ms overdue/,
  'never ends': /^it is over by its deadline: it never settled/,
  warns: /^nothing strange is told: .*Sabotage/,
  burns: /^it costs too much: /,
  'stands still': /^the process has stood still/,
  exits: /^the process has died \(7\)/,
};

/** The first round that fits. */
function find(fits: (plan: Plan) => boolean): Ticket {
  for (let round = 0; ; round += 1) {
    const ticket = { seed: 1, round, kinds: ['net'] } as const;
    if (fits(drawPlan(ticket))) return ticket;
  }
}

const sound = find(({ way, isCost, owner, stop, visits }) => {
  // Clients that come in good time, on a busy machine, too.
  if (visits.filter(({ at }) => at < 20).length < 3 || Number(stop.at) < 120) return false;
  return (
    way === 'serve' &&
    !isCost &&
    owner === undefined &&
    stop.way === 'abort' &&
    Number(stop.at) > 60
  );
});
const costly = find(({ way, isCost, visits }) => {
  const isFull = visits.length >= 20 && visits.length < 40;
  return way === 'serve' && isCost && isFull && bytesIn(visits[0]?.steps ?? []) > 0;
});

/** Of these the process dies without a word, or it does nothing more: others are run by themselves. */
const aside: ReadonlySet<Sabotage | undefined> = new Set([
  'throws late',
  'burns',
  'stands still',
  'exits',
] as const);

/** What is needed to see that a process stands still, in milliseconds. */
const PATIENCE_MS = 5000;

const faults: readonly (Sabotage | undefined)[] = [undefined, ...sabotages];
const results = new Map<Sabotage | undefined, Promise<Result>>();
let processes: Processes;

test.before(() => {
  processes = new Processes({ patience: PATIENCE_MS });
  // In one process, of which the faults of some are the death: each is told of its own.
  for (const fault of faults.filter((each) => !aside.has(each))) {
    results.set(fault, tryRound(processes, sound, fault));
  }
});
test.after(async () => {
  await processes.stop();
});

test('says nothing of a round that is sound, beside others that are not', async () => {
  const { violations, evidence } = (await results.get(undefined)) as Result;
  assert.deepEqual(violations, []);
  assert.ok((evidence?.calls ?? 0) > 0);
});

test('tells of a round whose process dies when it is over', async () => {
  const late: string[] = [];
  const others = new Processes({ onLateDeath: (_, failure) => late.push(failure) });
  const { violations } = await tryRound(others, sound, 'throws late');
  assert.deepEqual(violations, []);
  await others.stop();
  assert.match(
    String(late).replaceAll('\n', ' '),
    /^the process has died after its end \(1\): .*Sabotage/,
  );
});

for (const fault of sabotages.filter((each) => each !== 'throws late')) {
  test(`tells of a server that ${fault}`, async () => {
    const ticket = fault === 'burns' ? costly : sound;
    const { violations } = await (results.get(fault) ?? tryRound(processes, ticket, fault));
    assert.ok(
      violations.some((violation) => told[fault]?.test(violation.replaceAll('\n', ' '))),
      violations.join('; '),
    );
  });
}

test.run();
