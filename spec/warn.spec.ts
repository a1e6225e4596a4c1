import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { spawnScript } from './support/spawn-script.ts';
import { suite } from './support/suite.ts';

const test = suite('what a handler has thrown, without onError');

/** What Node itself dies of, when it shows a warning. */
const resistant = [
  'a symbol for a message',
  'a message without a prototype',
  'a symbol for a code',
  'toString throws',
  'name throws',
  'stack throws',
  'a proxy that throws',
  'a revoked proxy',
  'nothing',
];

for (const what of resistant) {
  test(`ends no process: ${what}`, async () => {
    const child = spawnScript('spec/fixtures/resistant-error.ts', {
      args: [what],
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    assert.ok(child.stdout && child.stderr);
    const [told, errors, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number]>,
    ]);
    assert.equal(told, 'alive\n', errors);
    assert.equal(code, 0);
    assert.match(errors, /./, 'it is told');
  });
}

test('is written to standard error where Node prints no warnings', async () => {
  const child = spawnScript('spec/fixtures/resistant-error.ts', {
    args: ['an ordinary error'],
    env: { NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  assert.ok(child.stderr);
  const [errors] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.match(errors, /an ordinary bug/);
});

test.run();
