import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { printFailures, printLine } from './print.ts';
import { report, type Result } from './report.ts';
import { isHeld, runFile } from './run-file.ts';

/** Begins a line of a worker that is meant for the process that has started it. */
export const mark = '\u001E';

/** What a worker says between the lines that are printed. */
export type Word =
  | { readonly begins: number }
  | { readonly ends: number; readonly seconds: number; readonly results: readonly Result[] };

/** The file that is run now, by its place, and since when. */
let current: { readonly index: number; readonly begun: number } | undefined;
let told = 0;

function say(word: Word): void {
  printLine(mark + JSON.stringify(word));
}

/** Of several workers one gets it. */
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
  // An error is anything; that there was one is counted.
  const results = report.results
    .slice(told)
    .map((result) => Object.assign(result, { errors: result.errors.map(String) }));
  told = report.results.length;
  say({ ends: index, seconds: (performance.now() - begun) / 1000, results });
}

/**
 * Runs those of the files that no other worker has claimed.
 *
 * @param order - Their places, in the order in which they are begun.
 * @param claims - A folder that all workers share.
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
    // Those after it could not be told apart: another process takes them.
    if (isHeld()) return;
  }
}

/** The process ends: tells of what has not been told. @param failures - Of it, what is to be shown. */
export function endWork(failures: readonly Result[]): void {
  printFailures(failures);
  if (report.results.length > told) sayEnd();
}
