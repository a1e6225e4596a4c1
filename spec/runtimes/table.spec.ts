import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { suite } from '../support/suite.ts';
import { pagePath, runtimesPage } from './runtimes-page.ts';

const test = suite('docs/runtimes.md');

test('is what spec/runtimes/table.ts writes', () => {
  assert.equal(readFileSync(pagePath, 'utf8'), runtimesPage());
});

test.run();
