import test from 'ava';
import { steps } from './smoke.js';

for (const [name, step] of Object.entries(steps)) {
  test(name, async (t) => {
    await step();
    t.pass();
  });
}
