import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { importPath } from './build-specs.ts';
import { openHandles } from './open-handles.ts';
import { printFailures, printSuite } from './print.ts';
import { report } from './report.ts';
import { defaultLimit, within } from './within.ts';

/** A suite in uvu's queue. It resolves to errors, executed, skipped, total. */
type QueuedSuite = () => Promise<
  [errors: unknown, executed: number, skipped: number, total: number]
>;

declare global {
  var UVU_DEFER: number;
  var UVU_QUEUE: QueuedSuite[][];
  var UVU_INDEX: number;
}
globalThis.UVU_DEFER = 1;
globalThis.UVU_QUEUE = [];

let held = false;

function failFile(problem: string): void {
  report.add({ suite: '', title: problem, kind: 'file' }, problem);
}

function checkSuites(queued: number): void {
  const { declared, ran, empty } = report;
  if (queued > ran.length) failFile("has a suite of uvu's own: import suite from spec/support");
  else if (declared.length === 0) failFile('has no suite');
  const forgotten = declared.filter((name) => !ran.includes(name));
  if (forgotten.length > 0) failFile(`does not call run() of ${forgotten.join(', ')}`);
  if (empty.length > 0) failFile(`has no test in ${empty.join(', ')}`);
}

async function importFile(file: string, index: number): Promise<QueuedSuite[]> {
  const queue: QueuedSuite[] = [];
  globalThis.UVU_QUEUE[index] = queue;
  globalThis.UVU_INDEX = index;
  const { href } = pathToFileURL(importPath(file));
  try {
    await within(3 * defaultLimit, async () => await import(href));
    checkSuites(queue.length);
  } catch (error) {
    report.add({ suite: '', title: 'cannot be imported', kind: 'file' }, error);
  }
  return queue;
}

async function checkHandles(): Promise<void> {
  // Once a file keeps the process alive, later files cannot be checked.
  if (held) return;
  const names = await openHandles();
  // Bun reports an unhandled rejection only after 'beforeExit'.
  await setImmediate();
  held = names !== undefined;
  if (held) failFile(`holds the process open a second after its end: ${names}`);
}

/** Imports a spec file, runs its suites one after the other, and prints their results. */
export async function runFile(file: string, index: number): Promise<void> {
  report.enterFile(file);
  const first = report.results.length;
  const queue = await importFile(file, index);
  for (const [position, queued] of queue.entries()) {
    const [, executed, , total] = await queued();
    const name = report.ran[position] ?? '';
    const results = report.results.slice(first).filter(({ suite }) => suite === name);
    printSuite(name, name ? results : [], total - executed);
  }
  await checkHandles();
  printFailures(report.results.slice(first).filter(({ suite }) => suite === ''));
}

/** Whether a file has left a handle open, so that the process will not end by itself. */
export function isHeld(): boolean {
  return held;
}
