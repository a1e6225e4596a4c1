import * as fc from 'fast-check';
import { suite } from '../../support/suite.ts';
import { timeout } from './histories.ts';
import { randomHistories } from './random-histories.ts';
import { taskGroupHappenings } from './task-group-happenings.ts';
import { TaskGroupHistory } from './task-group-history.ts';

const test = suite('model of taskGroup', { timeout });

test('settles when all have ended, with what they have ended with', async () => {
  await randomHistories({
    name: 'taskGroup',
    share: 0.2,
    settings: fc.record({ isAborted: fc.nat({ max: 7 }).map((one) => one === 7) }),
    create: (setting) => new TaskGroupHistory(setting),
    happenings: taskGroupHappenings,
    weights: { run: 4, runFollowed: 2, resolve: 3 },
  });
});

test.run();
