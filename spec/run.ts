import { parseArgs } from 'node:util';

import { findSpecs } from './support/runner/find-specs.ts';
import { hushUvu, printClosing, printFailures } from './support/runner/print.ts';
import { repeat } from './support/runner/repeat.ts';
import { count, report } from './support/runner/report.ts';
import { isHeld, runFile } from './support/runner/run-file.ts';
import { selection } from './support/runner/selection.ts';

// node spec/run.ts [--only text] [--repeat times] [files and folders]

let finished = false;

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

function readArguments(): { only: string; times: number | undefined; paths: string[] } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', default: '' }, repeat: { type: 'string' } },
  });
  const times = values.repeat === undefined ? undefined : Number(values.repeat);
  if (times !== undefined && !(Number.isInteger(times) && times > 0)) {
    throw new Error(`--repeat wants a whole number above 0: ${values.repeat}`);
  }
  return { only: values.only, times, paths: positionals };
}

async function runSpecs(paths: readonly string[]): Promise<void> {
  hushUvu();
  for (const [index, file] of findSpecs(paths).entries()) {
    await runFile(file, index);
  }
}

async function main(): Promise<void> {
  process.on('exit', closeEarly);
  process.on('unhandledRejection', (error) => report.blame(error));
  process.on('uncaughtException', (error) => report.blame(error));
  try {
    const { only, times, paths } = readArguments();
    if (times !== undefined) {
      process.exitCode = (await repeat(times, [`--only=${only}`, ...paths])) ? 0 : 1;
      finished = true;
      return;
    }
    selection.only = only;
    await runSpecs(paths);
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
