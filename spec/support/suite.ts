import { setImmediate } from 'node:timers/promises';
import { suite as uvuSuite } from 'uvu';

import { report } from './runner/report.ts';
import type { Result } from './runner/report.ts';
import { selection } from './runner/selection.ts';
import { whyFail, whySkip } from './runner/skip.ts';
import type { Requirements } from './runner/skip.ts';
import { defaultLimit, within } from './runner/within.ts';

interface TimeLimit {
  /** The time limit in milliseconds. */
  timeout?: number;
}

type TestOptions = TimeLimit & Requirements;

interface Step {
  handler: () => unknown;
  timeout: number;
}

interface DeclaredTest extends Step {
  title: string;
  options: TestOptions;
}

type AddHook = (handler: () => unknown, options?: TimeLimit) => void;

export interface Test {
  (title: string, handler: () => unknown, options?: TestOptions): void;
  before: AddHook & { each: AddHook };
  after: AddHook & { each: AddHook };
  run: () => void;
}

interface Declared {
  name: string;
  tests: DeclaredTest[];
  before: Step[];
  beforeEach: Step[];
  after: Step[];
  afterEach: Step[];
}

async function execute(result: Result, { handler, timeout }: Step): Promise<void> {
  report.running = result;
  try {
    await within(timeout, handler);
  } catch (error) {
    result.errors.push(error);
  }
  // Unhandled rejections are reported only between two turns of the event loop.
  await setImmediate();
  report.running = undefined;
}

function hookRunner(name: string, kind: string, step: Step) {
  return async ({ __test__: test }: { __test__: string }): Promise<void> => {
    const title = test ? `${kind} of "${test}"` : kind;
    const result = report.add({ suite: name, title, kind: 'hook' });
    await execute(result, step);
    // A failed `before` stops its tests. For a failed `after` nothing is thrown: uvu would call the
    // hook again.
    if (kind.startsWith('before') && result.errors.length > 0) throw new Error(title);
  };
}

function selected({ name, tests }: Declared): DeclaredTest[] {
  return tests.filter(({ title, options }) => {
    if (!`${name} ${title}`.includes(selection.only)) return false;
    const failed = whyFail(options);
    const skipped = whySkip(options);
    if (failed) report.add({ suite: name, title, kind: 'test' }, new Error(failed));
    else if (skipped) report.add({ suite: name, title, kind: 'test', skipped });
    return !failed && !skipped;
  });
}

function runSuite(declared: Declared): void {
  const { name, before, beforeEach, after, afterEach } = declared;
  const inner = uvuSuite();
  const tests = selected(declared);
  if (tests.length > 0) {
    for (const step of before) inner.before(hookRunner(name, 'before', step));
    for (const step of after) inner.after(hookRunner(name, 'after', step));
  }
  for (const step of beforeEach) inner.before.each(hookRunner(name, 'before.each', step));
  for (const step of afterEach) inner.after.each(hookRunner(name, 'after.each', step));
  for (const test of tests) {
    inner(test.title, async () => {
      await execute(report.add({ suite: name, title: test.title, kind: 'test' }), test);
    });
  }
  report.ran.push(name);
  if (declared.tests.length === 0) report.empty.push(name);
  inner.run();
}

/**
 * Makes a suite of uvu. Every test and hook has a time limit, and every failure is recorded. Call
 * `run()` at the end of the file. `spec/run.ts` then runs the tests in its order.
 */
export function suite(name: string, { timeout: limit = defaultLimit }: TimeLimit = {}): Test {
  const declared: Declared = {
    name,
    tests: [],
    before: [],
    beforeEach: [],
    after: [],
    afterEach: [],
  };
  report.declared.push(name);
  const into = (steps: Step[]): AddHook => {
    return (handler, { timeout = limit } = {}) => void steps.push({ handler, timeout });
  };
  const add = (title: string, handler: () => unknown, options: TestOptions = {}): void => {
    declared.tests.push({ title, handler, options, timeout: options.timeout ?? limit });
  };
  return Object.assign(add, {
    before: Object.assign(into(declared.before), { each: into(declared.beforeEach) }),
    after: Object.assign(into(declared.after), { each: into(declared.afterEach) }),
    run: () => runSuite(declared),
  });
}
