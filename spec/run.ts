import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

import { buildSpecs } from './support/runner/build-specs.ts';
import { findSpecs } from './support/runner/find-specs.ts';
import { ParallelRun, readList } from './support/runner/in-parallel.ts';
import {
  hushUvu,
  printClosing,
  printFailures,
  printOutput,
  printSlowest,
  showProgress,
} from './support/runner/print.ts';
import { repeat } from './support/runner/repeat.ts';
import { count, report } from './support/runner/report.ts';
import { isHeld, runFile } from './support/runner/run-file.ts';
import { selection } from './support/runner/selection.ts';
import { readTimes, writeTimes } from './support/runner/times.ts';
import { endWork, work } from './support/runner/worker.ts';

// node spec/run.ts [--only text] [--repeat times] [--slow] [--jobs processes] [files and folders]

/** Each process takes a tenth of a gigabyte. */
const MOST_JOBS = 16;

let finished = false;
/** Whether this process is a worker: it runs files for the process that has started it. */
let isWorker = false;
/** How many seconds each file has taken. */
const times = new Map<string, number>();

function close(): void {
  finished = true;
  if (isWorker) return endWork([]);
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
  const failures = report.running ? [report.running] : report.results.slice(first);
  if (isWorker) return endWork(failures);
  printFailures(failures);
  close();
}

interface Arguments {
  readonly only: string;
  readonly repetitions: number | undefined;
  readonly slow: boolean;
  readonly jobs: number;
  /** In a worker: the folder in which the workers of the run claim files. */
  readonly claims: string | undefined;
  readonly paths: string[];
}

function wholeNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!(Number.isInteger(Number(value)) && Number(value) > 0)) {
    throw new Error(`--${name} wants a whole number above 0: ${value}`);
  }
  return Number(value);
}

/** Specs wait for much of their time. In CI, other stages run beside them. */
function defaultJobs(): number {
  const processors = availableParallelism();
  return process.env['CI'] === undefined ? Math.min(3 * processors, MOST_JOBS) : 1 + processors;
}

function readArguments(): Arguments {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      repeat: text,
      slow: { type: 'boolean', default: false },
      jobs: text,
      work: text,
    },
  });
  return {
    only: values.only,
    repetitions: wholeNumber('repeat', values.repeat),
    slow: values.slow,
    jobs: wholeNumber('jobs', values.jobs) ?? defaultJobs(),
    claims: values.work,
    paths: positionals,
  };
}

async function runHere(files: readonly string[]): Promise<void> {
  for (const [index, file] of files.entries()) {
    const begun = performance.now();
    await runFile(file, index);
    times.set(file, (performance.now() - begun) / 1000);
  }
}

async function runInProcesses(files: readonly string[], jobs: number, only: string): Promise<void> {
  await buildSpecs(files);
  const run = new ParallelRun(files, only, readTimes(), ({ file, seconds, output }) => {
    printOutput(output);
    times.set(file, seconds);
  });
  const stopShowing = showProgress(() => `${run.size} of ${files.length} files`);
  await run.run(jobs);
  stopShowing();
  if (only === '') writeTimes(times);
}

async function main(): Promise<void> {
  process.on('exit', closeEarly);
  process.on('unhandledRejection', (error) => report.blame(error));
  process.on('uncaughtException', (error) => report.blame(error));
  try {
    const { only, repetitions, slow, jobs, claims, paths } = readArguments();
    if (repetitions !== undefined) {
      process.exitCode = (await repeat(repetitions, [`--only=${only}`, ...paths])) ? 0 : 1;
      finished = true;
      return;
    }
    selection.only = only;
    hushUvu();
    if (claims !== undefined) {
      isWorker = true;
      const { files, order } = readList(claims);
      await work(files, order, claims);
    } else {
      const files = findSpecs(paths);
      const most = Math.min(jobs, files.length);
      await (most > 1 ? runInProcesses(files, most, only) : runHere(files));
      if (slow) printSlowest(times);
    }
  } catch (error) {
    report.blame(error);
    printFailures(report.results.slice(-1));
  }
  close();
  if (isHeld()) process.exit();
}

// No top-level await: if the event loop is empty, some runtimes end a module that waits, and emit
// no 'beforeExit'. The runner needs that event to notice the empty loop.
void main();
