import assert from 'node:assert/strict';
import { killPrograms, watch } from '../support/programs.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('what is printed on standard error', { timeout: 20_000 });
test.after.each(killPrograms);

test('does not end the process when nobody reads it any more', async () => {
  const { child, ending } = watch(spawnScript('spec/fixtures/print-to-nobody.ts'));
  child.stderr?.once('data', () => child.stderr?.destroy());
  const { code, signal, stdout } = await ending;
  assert.deepEqual([code, signal, stdout], [0, null, 'over\n']);
});

test.run();
