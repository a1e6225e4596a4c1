import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { warn } from '../../lib/primitives/warn.ts';
import { oddErrors } from '../support/odd-errors.ts';
import { killPrograms, watch } from '../support/programs.ts';
import { runtime } from '../support/runtime.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

function refuse(): never {
  throw new TypeError('no warnings');
}

const test = suite('what a handler has thrown, without onError', { timeout: 60_000 });
test.after.each(killPrograms);

type Told = [what: string, text: string];

/** What standard error is told of each, of a process that lives to its end. */
async function tellOf(args: string[], env: Record<string, string>): Promise<Told[]> {
  const { ending } = watch(spawnScript('spec/fixtures/resistant-error.ts', { args, env }));
  const { code, stdout, stderr } = await ending;
  assert.equal(code, 0, stdout + stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Told);
}

/** How a process may be told to treat warnings. */
const ways: Record<string, Record<string, string>> = {
  'as a process is by itself': {},
  'without warnings': { NODE_NO_WARNINGS: '1' },
};
const flags = ['--throw-deprecation', '--no-deprecation', '--trace-warnings', '--no-warnings'];
// The other runtimes have none of these.
if (runtime.name === 'node') for (const flag of flags) ways[flag] = { NODE_OPTIONS: flag };

for (const [way, env] of Object.entries(ways)) {
  test(`ends no process, and is told, whatever it is (${way})`, async () => {
    const told = await tellOf([], env);
    assert.deepEqual(
      told.map(([what]) => what),
      Object.keys(oddErrors),
    );
    for (const [what, text] of told) assert.match(text, /./, what);
  });
}

test('is told with its text where Node prints no warnings', async () => {
  const [told] = await tellOf(['an ordinary error'], { NODE_NO_WARNINGS: '1' });
  assert.match(told?.[1] ?? '', /Error: an ordinary bug/);
});

test('is cut if it is long: its reader may be slow', async () => {
  for (const env of [{}, { NODE_NO_WARNINGS: '1' }]) {
    for (const [what, text] of await tellOf(['an error of 50 MB', 'a text of 50 MB'], env)) {
      assert.match(text, /(bug){1000}/, what);
      assert.ok(text.length < 100_000, `${what}: ${text.length} characters`);
    }
  }
});

test('is told on standard error where no warning can be made', () => {
  const emitWarning = process.emitWarning.bind(process);
  const write = process.stderr.write.bind(process.stderr);
  const told: string[] = [];
  Object.assign(process, { emitWarning: refuse });
  process.stderr.write = (text: string | Uint8Array): boolean => told.push(String(text)) > 0;
  try {
    warn(new Error('a bug'));
  } finally {
    Object.assign(process, { emitWarning });
    process.stderr.write = write;
  }
  assert.match(told.join(''), /a bug/);
});

test('is told on standard error where other code has removed the listener of warnings', async () => {
  const listeners = process.rawListeners('warning') as NodeJS.WarningListener[];
  const write = process.stderr.write.bind(process.stderr);
  let told = '';
  process.removeAllListeners('warning');
  process.stderr.write = (text: string | Uint8Array): boolean => Boolean((told += String(text)));
  try {
    warn(new Error('a bug'));
    // A warning is emitted in the next tick.
    await setImmediate();
  } finally {
    process.stderr.write = write;
    for (const listener of listeners) process.on('warning', listener);
  }
  assert.match(told, /a bug/);
});

test('ends no process when a test has replaced standard error', () => {
  const emitWarning = process.emitWarning.bind(process);
  const stderr = Object.getOwnPropertyDescriptor(process, 'stderr') ?? assert.fail();
  Object.assign(process, { emitWarning: refuse });
  try {
    for (const value of [undefined, { write() {} }]) {
      Object.defineProperty(process, 'stderr', { configurable: true, value });
      warn(new Error('a bug'));
    }
  } finally {
    Object.defineProperty(process, 'stderr', stderr);
    Object.assign(process, { emitWarning });
  }
});

test.run();
