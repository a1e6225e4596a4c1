import { suite } from '../../support/suite.ts';
import { drainHappenings } from './drain-happenings.ts';
import { DrainHistory } from './drain-history.ts';
import { live } from './every-interleaving.ts';
import { timeout } from './histories.ts';
import { VirtualClock } from './virtual-clock.ts';

const test = suite('histories that have failed once', { timeout });

const drained = { grace: 1013, hasSignal: true, isAborted: false, isListening: true, strangers: 0 };

// SEED=1, drain: the timer for idle connections was set after the end had taken it back.
test('drain leaves no timer when others close the server in its last call, with nobody there', async () => {
  try {
    const create = (): DrainHistory => new DrainHistory(drained);
    const names = ['arrive', 'reset', 'abort', 'closeByOthers'];
    await live({ create, happenings: drainHappenings, inOneGo: false }, names);
  } finally {
    VirtualClock.uninstall();
  }
});

// SEED=1282265963, drain: those that were counted and those that are known have to be of one moment.
test('drain takes nobody for a stranger who leaves while it counts', async () => {
  try {
    const create = (): DrainHistory => new DrainHistory({ ...drained, grace: 0 });
    const names = ['arrive', 'abort', 'halfClose', 'join'];
    await live({ create, happenings: drainHappenings, inOneGo: true }, names);
  } finally {
    VirtualClock.uninstall();
  }
});

test.run();
