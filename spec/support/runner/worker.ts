import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { printFailures, printLine } from './print.ts';
import { report, type Result } from './report.ts';
import { isHeld, runFile } from './run-file.ts';

/** The first character of a line that a worker writes to the process that has started it. */
export const mark = '\u001E';

/** A message of a worker, between the lines that specs print. */
export type Word =
  | { readonly begins: number }
  | { readonly ends: number; readonly seconds: number; readonly results: readonly Result[] };

/** The index of the file that is being run, and when it was started. */
let current: { readonly index: number; readonly begun: number } | undefined;
let told = 0;

function say(word: Word): void {
  printLine(mark + JSON.stringify(word));
}

/** Claims a file. @returns Whether this worker got it. Only one of the workers does. */
function claim(folder: string, index: number): boolean {
  try {
    closeSync(openSync(join(folder, String(index)), 'wx'));
    return true;
  } catch {
    return false;
  }
}

function sayEnd(): void {
  const { index = 0, begun = 0 } = current ?? {};
  // An error can be any value. Its text is enough, because the worker has printed the error.
  const results = report.results
    .slice(told)
    .map((result) => Object.assign(result, { errors: result.errors.map(String) }));
  told = report.results.length;
  say({ ends: index, seconds: (performance.now() - begun) / 1000, results });
}

/**
 * Runs the files that no other worker has claimed.
 *
 * @param order - The indices of the files, in the order in which to start them.
 * @param claims - The folder for claims, which all workers share.
 */
export async function work(
  files: readonly string[],
  order: readonly number[],
  claims: string,
): Promise<void> {
  for (const index of order) {
    const file = files[index];
    if (file === undefined || !claim(claims, index)) continue;
    current = { index, begun: performance.now() };
    say({ begins: index });
    await runFile(file, index);
    sayEnd();
    // Later files could not be checked in this process, so another worker runs them.
    if (isHeld()) return;
  }
}

/**
 * Call it when the process ends: reports the results that were not reported yet.
 *
 * @param failures - The failures among them to print.
 */
export function endWork(failures: readonly Result[]): void {
  printFailures(failures);
  if (report.results.length > told) sayEnd();
}
