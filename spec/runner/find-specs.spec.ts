import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { findSpecs } from '../support/runner/find-specs.ts';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('the specs of npm test');

test('are all but those that a script of package.json or CI names', () => {
  const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const text = [...Object.values(scripts), readFileSync(join(projectRoot, '.ci/run'), 'utf8')];
  const named = new Set(text.join(' ').match(/\bspec\/[\w./-]+/g));
  const plain = new Set(findSpecs([]));
  const others = findSpecs(['spec']).filter((file) => !plain.has(file));
  assert.ok(others.length > 0);
  const isNamed = (file: string): boolean =>
    [...named].some((path) => file === path || file.startsWith(`${path}/`));
  assert.deepEqual(
    others.filter((file) => !isNamed(file)),
    [],
  );
});

test.run();
