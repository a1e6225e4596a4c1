import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { spawnSpecs } from '../support/runner/spawn-specs.ts';
import type { Outcome } from '../support/runner/spawn-specs.ts';
import { runtime } from '../support/runtime.ts';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('spec/run.ts', { timeout: 60_000 });
const fixtures = 'spec/fixtures/runner';

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return await spawnSpecs(args, { CI: undefined, SPEC_TIMEOUT_MS: undefined, ...env });
}

/** States that the runner fails on the fixture, names it with the reason, and closes so. */
function failsOn(
  title: string,
  name: string,
  expected: { reason: RegExp; closing: string; env?: Record<string, string> },
): void {
  test(`fails on ${title}`, async () => {
    const file = `${fixtures}/${name}.ts`;
    const { code, output, closing } = await run([file], expected.env);
    assert.equal(code, 1, output);
    assert.match(output, new RegExp(`^ {2}FAILED {2}${file} > `, 'm'));
    assert.match(output, expected.reason);
    assert.equal(closing, expected.closing, output);
  });
}

test('passes when all tests pass', async () => {
  const { code, output, closing } = await run([`${fixtures}/passes.ts`]);
  assert.equal(code, 0, output);
  assert.match(output, /^passes {2}2 passed$/m);
  assert.equal(closing, '2 passed, 0 failed');
});

failsOn('an assertion', 'assertion-fails', {
  reason: /> assertion > is false\n +AssertionError.*\n[^]*1 !== 2\n[^]*assertion-fails\.ts:\d+/,
  closing: '1 passed, 1 failed',
});
failsOn('a before that throws', 'before-throws', {
  reason: /0 passed, 1 failed, 1 not run\n.*> hook > before\n +Error: thrown by before$/m,
  closing: '0 passed, 1 failed',
});
failsOn('a before.each that throws', 'before-each-throws', {
  reason: /> before\.each of "does nothing"\n +Error: thrown by before\.each$/m,
  closing: '0 passed, 1 failed',
});
failsOn('an after that throws', 'after-throws', {
  reason: /> hook > after\n +Error: thrown by after$/m,
  closing: '1 passed, 1 failed',
});
failsOn('an after.each that throws', 'after-each-throws', {
  reason: /> after\.each of "does nothing"\n +Error: thrown by after\.each$/m,
  closing: '1 passed, 1 failed',
});
failsOn('a suite whose run() is forgotten', 'no-run', {
  reason: /> does not call run\(\) of forgotten$/m,
  closing: '0 passed, 1 failed',
});
failsOn('a file without a suite', 'no-suite', {
  reason: /> has no suite$/m,
  closing: '0 passed, 1 failed',
});
failsOn('a suite without a test', 'no-test', {
  reason: /> has no test in empty$/m,
  closing: '0 passed, 1 failed',
});
failsOn("a suite of uvu's own", 'bare-uvu', {
  reason: /> has a suite of uvu's own/,
  closing: '0 passed, 1 failed',
});
failsOn('an import that throws', 'import-throws', {
  reason: /> cannot be imported\n +Error: thrown while imported$/m,
  closing: '0 passed, 1 failed',
});
failsOn('an import that does not end', 'import-hangs', {
  reason: /> cannot be imported\n +Error: (?:the event loop ran empty|over its time limit)/,
  // Deno holds the event loop for a module that waits.
  closing: runtime.name === 'deno' ? '0 passed, 2 failed' : '0 passed, 1 failed',
  env: { SPEC_TIMEOUT_MS: '200' },
});
failsOn('a test over the time limit', 'over-time', {
  reason: /of 200 ms$[^]*of 20 ms$/m,
  closing: '1 passed, 2 failed',
  env: { SPEC_TIMEOUT_MS: '200' },
});
failsOn('a test that waits while the event loop is empty', 'never-settles', {
  reason: /> waits for ever\n +Error: the event loop ran empty/,
  closing: '1 passed, 1 failed',
});
failsOn('a test that ends the process', 'exits', {
  reason: /> ends the process\n +Error: the process ended early, with code 0$/m,
  closing: '0 passed, 1 failed',
});
failsOn('an unhandled rejection in a test', 'unhandled-rejection', {
  reason: /> leaves a rejection behind\n +Error: nobody handles this$/m,
  closing: '1 passed, 1 failed',
});
failsOn('an unhandled rejection after the tests', 'late-rejection', {
  reason: /> outside of its tests\n +Error: nobody handles this$/m,
  closing: '1 passed, 1 failed',
});
failsOn('an uncaught exception', 'uncaught-exception', {
  reason: /> throws where nobody catches\n +Error: nobody catches this$/m,
  closing: '0 passed, 1 failed',
});
failsOn('a handle left open', 'open-handle', {
  reason:
    runtime.name === 'bun'
      ? /> holds the process open a second after its end: resources unknown$/m
      : /> holds the process open a second after its end: .*1 TCPServerWrap$/m,
  closing: '1 passed, 1 failed',
});
failsOn('a missing program where CI is set', 'skips', {
  reason: /> for want of a program\n +Error: accept-loop-no-such-program is not on PATH$/m,
  closing: '2 passed, 1 failed, 1 skipped',
  env: { CI: '1' },
});

test('fails when a path leads nowhere', async () => {
  const { code, output, closing } = await run([`${fixtures}/passes.ts`, 'spec/nowhere']);
  assert.equal(code, 1, output);
  assert.match(output, /no such file or folder: spec\/nowhere$/m);
  assert.equal(closing, '0 passed, 1 failed');
});

test('fails when a folder has no spec', async () => {
  const { code, output } = await run([fixtures]);
  assert.equal(code, 1, output);
  assert.match(output, /no \*\.spec\.ts in spec\/fixtures\/runner$/m);
});

test('fails when no test is selected', async () => {
  const { code, output, closing } = await run(['--only', 'no such', `${fixtures}/passes.ts`]);
  assert.equal(code, 1, output);
  assert.match(output, /Error: no test was executed$/m);
  assert.equal(closing, '0 passed, 1 failed');
});

test('goes on with the next file after a failure', async () => {
  const names = ['import-throws', 'open-handle', 'never-settles', 'passes'];
  const files = names.map((name) => `${fixtures}/${name}.ts`);
  const args = ['--jobs', '1', ...files];
  const { code, output, closing } = await run(args, { SPEC_TIMEOUT_MS: '500' });
  assert.equal(code, 1, output);
  assert.match(output, /^passes {2}2 passed$/m);
  // Held open by the second file, the third runs into its time limit instead.
  assert.equal(closing, '4 passed, 3 failed', output);
});

test('runs files in several processes, and prints what comes of them in their order', async () => {
  const names = ['import-throws', 'open-handle', 'exits', 'uncaught-exception', 'skips', 'passes'];
  const files = names.map((name) => `${fixtures}/${name}.ts`);
  const { code, output, closing } = await run(['--jobs', '3', '--slow', ...files]);
  assert.equal(code, 1, output);
  const printed = [
    /import-throws\.ts > cannot be imported\n +Error: thrown while imported$/m,
    /open-handle\.ts > holds the process open/,
    /> ends the process\n +Error: the process ended early, with code 0$/m,
    /> throws where nobody catches\n +Error: nobody catches this$/m,
    /^ {2}skipped {2}for want of a program/m,
    /^passes {2}2 passed$/m,
    /^ +\d+\.\d s {2}\S+\.ts$/m,
  ].map((line) => output.search(line));
  assert.ok(!printed.includes(-1), output);
  assert.deepEqual(
    printed,
    printed.toSorted((left, right) => left - right),
  );
  assert.equal(closing, '5 passed, 4 failed, 2 skipped', output);
});

test('names the line of the source, though several files are compiled first', async () => {
  const names = ['assertion-fails', 'passes'];
  const files = names.map((name) => `${fixtures}/${name}.ts`);
  const { output, closing } = await spawnSpecs(['--jobs', '2', ...files], {
    SPEC_BUILD: undefined,
  });
  const lines = readFileSync(join(projectRoot, files[0] ?? ''), 'utf8').split('\n');
  const line = 1 + lines.findIndex((text) => text.includes('assert.equal(1, 2)'));
  assert.match(output, new RegExp(`[ (]\\S*${files[0]}:${line}:`), output);
  assert.equal(closing, '3 passed, 1 failed', output);
});

test('shows what a file has written to standard error only if it fails', async () => {
  const files = ['warns', 'warns-and-fails'].map((name) => `${fixtures}/${name}.ts`);
  const { output, closing } = await run(['--jobs', '2', ...files]);
  assert.match(output, /a warning of what fails/);
  assert.doesNotMatch(output, /a warning of what passes/);
  assert.equal(closing, '1 passed, 1 failed');
});

test('tells of a file whose process is killed, and runs the others', async () => {
  const files = ['killed', 'passes', 'assertion-fails'].map((name) => `${fixtures}/${name}.ts`);
  const { code, output, closing } = await run(['--jobs', '2', ...files]);
  assert.equal(code, 1, output);
  assert.match(output, /killed\.ts > its process has died: SIGKILL$/m);
  assert.equal(closing, '3 passed, 2 failed', output);
});

test('names each skipped test with its reason', async () => {
  const { code, output, closing } = await run([`${fixtures}/skips.ts`]);
  const cannot = `what this runtime cannot (${runtime.label} ${runtime.version}: it is a fixture)`;
  assert.equal(code, 0, output);
  assert.ok(output.includes(`  skipped  ${cannot}\n`), output);
  assert.match(output, /^ {2}skipped {2}for want of a program \(.* is not on PATH\)$/m);
  assert.equal(closing, '2 passed, 0 failed, 2 skipped');
});

test('runs only the tests whose suite and title contain the text', async () => {
  const { code, output, closing } = await run([
    '--only=assertion is true',
    `${fixtures}/assertion-fails.ts`,
    `${fixtures}/passes.ts`,
  ]);
  assert.equal(code, 0, output);
  assert.equal(closing, '1 passed, 0 failed');
});

test('repeats the files in fresh processes', async () => {
  const { code, output, closing } = await run(['--repeat', '3', `${fixtures}/passes.ts`]);
  assert.equal(code, 0, output);
  assert.match(output, /^run 3 of 3$/m);
  assert.equal(closing, '2 passed, 0 failed');
});

test('stops repeating at the first failure', async () => {
  const { code, output, closing } = await run(['--repeat', '3', `${fixtures}/assertion-fails.ts`]);
  assert.equal(code, 1, output);
  assert.match(output, /^run 1 of 3$/m);
  assert.doesNotMatch(output, /^run 2 of 3$/m);
  assert.match(output, /1 !== 2/);
  assert.equal(closing, '1 passed, 1 failed');
});

test('lists the files that have taken longest, before its closing line', async () => {
  const { code, output, closing } = await run(['--slow', `${fixtures}/passes.ts`]);
  assert.equal(code, 0, output);
  assert.match(output, /^ +\d+\.\d s {2}\S+passes\.ts\n\n2 passed/m);
  assert.equal(closing, '2 passed, 0 failed');
});

for (const value of ['0', 'x', '1.5']) {
  test(`does not repeat ${value} times`, async () => {
    const { code, closing } = await run(['--repeat', value, `${fixtures}/passes.ts`]);
    assert.equal(code, 1);
    assert.equal(closing, '0 passed, 1 failed');
  });
}

test.run();
