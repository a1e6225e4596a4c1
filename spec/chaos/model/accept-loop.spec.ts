import * as fc from 'fast-check';
import { suite } from '../../support/suite.ts';
import { acceptLoopHappenings } from './accept-loop-happenings.ts';
import { AcceptLoopHistory } from './accept-loop-history.ts';
import { live } from './every-interleaving.ts';
import { timeout } from './histories.ts';
import { randomHistories } from './random-histories.ts';
import { VirtualClock } from './virtual-clock.ts';

const test = suite('model of acceptLoop', { timeout });

test('has every connection in one place, in order, whatever happens in whatever order', async () => {
  await randomHistories({
    name: 'acceptLoop',
    share: 0.3,
    settings: fc.record({
      kind: fc.constantFrom('net', 'tls', 'emitter'),
      maxQueued: fc.constantFrom(0, 1, 2, 4096),
      longTurn: fc.constantFrom(6, 60),
      isListening: fc.boolean(),
      isAborted: fc.nat({ max: 15 }).map((one) => one === 15),
      hasReset: fc.boolean(),
      allowHalfOpen: fc.boolean(),
    }),
    create: (setting) => new AcceptLoopHistory(setting),
    happenings: acceptLoopHappenings,
    weights: { arrive: 12, listen: 3, next: 3, take: 3, reset: 4 },
  });
});

test('does not close the listener before two whole turns have brought nothing', async () => {
  const setting = { kind: 'net', maxQueued: 9, isListening: true, isAborted: false } as const;
  const traits = { hasReset: true, allowHalfOpen: false, longTurn: 60 };
  const create = (): AcceptLoopHistory => new AcceptLoopHistory({ ...setting, ...traits });
  // So long that a burst has no patience left, and only the turns count.
  const burst = Array.from({ length: 5 }, () => ['turn', 'arrive']).flat();
  try {
    const names = ['abort', ...burst, 'turn', 'turn', 'turn'];
    await live({ create, happenings: acceptLoopHappenings, inOneGo: false }, names);
  } finally {
    VirtualClock.uninstall();
  }
});

test.run();
