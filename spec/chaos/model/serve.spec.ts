import * as fc from 'fast-check';
import { suite } from '../../support/suite.ts';
import { timeout } from './histories.ts';
import { randomHistories } from './random-histories.ts';
import { serveHappenings } from './serve-happenings.ts';
import { ServeHistory } from './serve-history.ts';

const test = suite('model of serve', { timeout });

test('has every connection come to one end, in time, whatever handlers and clients do', async () => {
  await randomHistories({
    name: 'serve',
    share: 0.3,
    settings: fc.record({
      maxQueued: fc.constantFrom(0, 1, 2, 4096),
      concurrency: fc.constantFrom(1, 2, Infinity),
      grace: fc.constantFrom(0, 43, 1013, Infinity),
      linger: fc.constantFrom(0, 17, 1009),
      flush: fc.constantFrom(0, 31, 60_000),
      isAborted: fc.nat({ max: 31 }).map((one) => one === 31),
      hasReset: fc.boolean(),
      allowHalfOpen: fc.boolean(),
    }),
    create: (setting) => new ServeHistory(setting),
    happenings: serveHappenings,
    alone: ['closeByOthers'],
    weights: { arrive: 10, resolve: 5, fail: 2, passOn: 2, read: 2, halfClose: 2, handlerEnds: 2 },
  });
});

test.run();
