import * as fc from 'fast-check';
import { suite } from '../../support/suite.ts';
import { drainHappenings } from './drain-happenings.ts';
import { DrainHistory } from './drain-history.ts';
import { timeout } from './histories.ts';
import { randomHistories } from './random-histories.ts';

const test = suite('model of drain', { timeout });

test('waits for every connection until its deadline, and for none longer', async () => {
  await randomHistories({
    name: 'drain',
    share: 0.2,
    settings: fc.record({
      grace: fc.constantFrom(0, 43, 1013, Infinity),
      hasSignal: fc.nat({ max: 7 }).map((one) => one < 7),
      isAborted: fc.nat({ max: 15 }).map((one) => one === 15),
      isListening: fc.nat({ max: 7 }).map((one) => one < 7),
      strangers: fc.constantFrom(0, 0, 1, 2),
    }),
    create: (setting) => new DrainHistory(setting),
    happenings: drainHappenings,
    alone: ['closeByOthers'],
    weights: { arrive: 9, reset: 6, abort: 2 },
  });
});

test.run();
