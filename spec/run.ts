import { parseArgs } from 'node:util';

import { findSpecs } from './support/runner/find-specs.ts';
import { hushUvu, printClosing, printFailures, printSlowest } from './support/runner/print.ts';
import { repeat } from './support/runner/repeat.ts';
import { count, report } from './support/runner/report.ts';
import { isHeld, runFile } from './support/runner/run-file.ts';
import { selection } from './support/runner/selection.ts';

// node spec/run.ts [--only text] [--repeat times] [--slow] [files and folders]

let finished = false;
/** Seconds that each file has taken. */
const times = new Map<string, number>();

function close(): void {
  finished = true;
  if (count(report.results, 'passed') + count(report.results, 'failed') === 0) {
    report.blame(new Error('no test was executed'));
    printFailures(report.results.slice(-1));
  }
  printClosing();
  process.exitCode = count(report.results, 'failed') === 0 ? 0 : 1;
}

function closeEarly(code: number): void {
  if (finished) return;
  const first = report.results.length;
  report.blame(new Error(`the process ended early, with code ${code}`));
  printFailures(report.running ? [report.running] : report.results.slice(first));
  close();
}

interface Arguments {
  only: string;
  repetitions: number | undefined;
  slow: boolean;
  paths: string[];
}

function readArguments(): Arguments {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      repeat: { type: 'string' },
      slow: { type: 'boolean', default: false },
    },
  });
  const repetitions = values.repeat === undefined ? undefined : Number(values.repeat);
  if (repetitions !== undefined && !(Number.isInteger(repetitions) && repetitions > 0)) {
    throw new Error(`--repeat wants a whole number above 0: ${values.repeat}`);
  }
  return { only: values.only, repetitions, slow: values.slow, paths: positionals };
}

async function runSpecs(paths: readonly string[]): Promise<void> {
  hushUvu();
  for (const [index, file] of findSpecs(paths).entries()) {
    const begun = performance.now();
    await runFile(file, index);
    times.set(file, (performance.now() - begun) / 1000);
  }
}

async function main(): Promise<void> {
  process.on('exit', closeEarly);
  process.on('unhandledRejection', (error) => report.blame(error));
  process.on('uncaughtException', (error) => report.blame(error));
  try {
    const { only, repetitions, slow, paths } = readArguments();
    if (repetitions !== undefined) {
      process.exitCode = (await repeat(repetitions, [`--only=${only}`, ...paths])) ? 0 : 1;
      finished = true;
      return;
    }
    selection.only = only;
    await runSpecs(paths);
    if (slow) printSlowest(times);
  } catch (error) {
    report.blame(error);
    printFailures(report.results.slice(-1));
  }
  close();
  if (isHeld()) process.exit();
}

// Not awaited at the top: some runtimes end a module that waits when the event loop is empty,
// without the 'beforeExit' by which the runner sees it.
void main();
