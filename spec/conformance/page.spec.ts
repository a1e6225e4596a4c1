import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite } from '../support/suite.ts';
import { all, behaviours } from './behaviours/all.ts';
import { conformancePage, pagePath } from './conformance-page.ts';
import { outside } from './behaviours/outside.ts';
import type { Feature } from './implementation.ts';
import { record } from './record.ts';

const test = suite('docs/conformance.md');

function nobodyHas(needs: readonly Feature[]): boolean {
  return record.every(({ implementation: { lacks } }) => needs.some((need) => lacks[need]));
}

test('is what spec/conformance/page.ts writes', () => {
  assert.equal(readFileSync(pagePath, 'utf8'), conformancePage());
});

test('has each of the 52 behaviours once', () => {
  const numbers = Array.from({ length: 52 }, (_, index) => index + 1);
  assert.deepEqual(
    all.map(({ number }) => number),
    numbers,
  );
});

test('claims nothing that no spec shows: another has a test for it, or nobody has it', () => {
  for (const { number, shownBy, needs } of outside) {
    if (shownBy === undefined) assert.ok(nobodyHas(needs), `B${number}`);
    else assert.match(readFileSync(shownBy.spec, 'utf8'), new RegExp(shownBy.title), shownBy.spec);
  }
});

test('says nothing of a behaviour that the spec does not run', () => {
  const run = new Set(behaviours.map(({ number }) => number));
  for (const { entries } of record) {
    for (const number of Object.keys(entries)) assert.ok(run.has(Number(number)), number);
  }
});

test.run();
