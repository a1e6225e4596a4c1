import { AssertionError } from 'node:assert/strict';
import { inspect, stripVTControlCharacters } from 'node:util';

import { count, report, statusOf } from './report.ts';
import type { Result, Status } from './report.ts';

// Kept now, because a spec may replace it later.
const write = process.stdout.write.bind(process.stdout);

const uvuMark = /^(?:[•✘] | {2}\(\d+ \/ \d+\)\n)$/u;

/** Suppresses the marks and sums that uvu itself prints. */
export function hushUvu(): void {
  process.stdout.write = (...parts: unknown[]): boolean =>
    uvuMark.test(stripVTControlCharacters(String(parts[0]))) ||
    Reflect.apply(write, process.stdout, parts) === true;
}

export function printLine(line = ''): void {
  write(`${line}\n`);
}

/** Prints the output of another process: no line, or some lines. */
export function printOutput(text: string): void {
  write(text);
}

/** Milliseconds between two updates of the progress: often enough for a person who watches. */
const PROGRESS_MS = 500;

/** Shows the progress, if standard output is a terminal. @returns A function that ends this. */
export function showProgress(text: () => string): () => void {
  if (!process.stdout.isTTY) return () => {};
  const show = (): void => void write(`\r\u001B[K${text()}\r`);
  const timer = setInterval(show, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    write('\r\u001B[K');
  };
}

function nameOf({ file, suite, title }: Result): string {
  return [file, suite, title].filter(Boolean).join(' > ');
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}

const machinery =
  /^ +at .*(?:spec\/run\.ts|spec\/support\/(?:suite|runner)|node_modules\/uvu|node:)/;

/** Shows an error, without the stack frames that are the same for every test. */
function describe(error: unknown): string {
  // The message of an assertion has the difference, so its properties need not be shown.
  const isAssertion = error instanceof AssertionError;
  const text = isAssertion && error.stack ? error.stack : inspect(error);
  const lines = text.split('\n');
  return indent(lines.filter((line) => !machinery.test(line)).join('\n'));
}

function printDetails(result: Result): void {
  if (statusOf(result) === 'skipped') printLine(`  skipped  ${result.title} (${result.skipped})`);
  if (statusOf(result) !== 'failed') return;
  printLine(`  FAILED  ${nameOf(result)}`);
  for (const error of result.errors) {
    if (error !== result.title) printLine(describe(error));
  }
}

/** Prints one line for a suite, and one for each test that was skipped or has failed. */
export function printSuite(name: string, results: readonly Result[], notRun: number): void {
  const of = (status: Status): string => {
    const number = count(results, status);
    return number > 0 || status === 'passed' ? `${number} ${status}` : '';
  };
  const parts = [of('passed'), of('failed'), of('skipped'), notRun > 0 ? `${notRun} not run` : ''];
  printLine(`${name}  ${parts.filter(Boolean).join(', ')}`);
  for (const result of results) printDetails(result);
}

/** Prints failures outside of the suites. */
export function printFailures(results: readonly Result[]): void {
  for (const result of results) printDetails(result);
}

/** Prints the ten files that took longest. @param times - The seconds of each file. */
export function printSlowest(times: ReadonlyMap<string, number>): void {
  const slowest = [...times].toSorted(([, left], [, right]) => right - left).slice(0, 10);
  printLine();
  for (const [file, seconds] of slowest) printLine(`${seconds.toFixed(1).padStart(6)} s  ${file}`);
}

/** Prints all failures again, by name only, and the closing line. */
export function printClosing(): void {
  const failures = report.results.filter((result) => statusOf(result) === 'failed');
  const [passed, skipped] = [count(report.results, 'passed'), count(report.results, 'skipped')];
  printLine();
  for (const failure of failures) printLine(`failed: ${nameOf(failure)}`);
  const closing = `${passed} passed, ${failures.length} failed`;
  printLine(skipped > 0 ? `${closing}, ${skipped} skipped` : closing);
}
