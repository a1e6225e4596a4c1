import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { spawnScript } from '../spawn-script.ts';
import { count, report, type Result } from './report.ts';
import { mark, type Word } from './worker.ts';

/** The outcome of one file. */
export interface FileOutcome {
  readonly file: string;
  readonly seconds: number;
  readonly results: readonly Result[];
  /** Its standard output. If the file has failed, also its standard error. */
  readonly output: string;
}

interface Running {
  index: number;
  stdout: string;
  stderr: string;
}

/** More seconds than any file takes. */
const LONG = 1000;

/** Folders whose files take long: they start programs, or wait. */
const long = /^spec\/(interop|chaos|signals|runner|conformance)\//;

/**
 * The files in the order to start them: the longest first, so that the last ones are short.
 *
 * @param seconds - How long the files took before, if that is known.
 */
function orderOf(files: readonly string[], seconds: ReadonlyMap<string, number>): number[] {
  const known = (index: number): number => {
    const file = files[index] ?? '';
    return seconds.get(file) ?? (long.test(file) ? LONG : 0);
  };
  return [...files.keys()].toSorted((left, right) => known(right) - known(left) || left - right);
}

/** A run of spec files in several processes. */
export class ParallelRun {
  readonly #files: readonly string[];
  readonly #only: string;
  readonly #order: readonly number[];
  readonly #onOutcome: (outcome: FileOutcome) => void;
  readonly #claims = mkdtempSync(join(tmpdir(), 'accept-loop-specs-'));
  readonly #outcomes = new Map<number, FileOutcome>();
  /** The index of the first file whose outcome was not passed to `onOutcome` yet. */
  #next = 0;

  /**
   * @param only - See `selection`.
   * @param seconds - How many seconds files took before.
   * @param onOutcome - Called once for each file, in the order of `files`.
   */
  constructor(
    files: readonly string[],
    only: string,
    seconds: ReadonlyMap<string, number>,
    onOutcome: (outcome: FileOutcome) => void,
  ) {
    this.#files = files;
    this.#only = only;
    this.#order = orderOf(files, seconds);
    this.#onOutcome = onOutcome;
  }

  /** How many files have been run. */
  get size(): number {
    return this.#outcomes.size;
  }

  /** @param jobs - How many processes run at the same time. */
  async run(jobs: number): Promise<void> {
    const lane = async (): Promise<void> => {
      // A worker ends early if a file keeps it alive, or if it crashes. Then another one follows.
      while (readdirSync(this.#claims).length < this.#files.length) await this.#runWorker();
    };
    try {
      writeFileSync(this.#listFile, JSON.stringify({ files: this.#files, order: this.#order }));
      await Promise.all(Array.from({ length: jobs }, lane));
    } finally {
      rmSync(this.#claims, { recursive: true });
      rmSync(this.#listFile, { force: true });
    }
  }

  get #listFile(): string {
    return `${this.#claims}.json`;
  }

  async #runWorker(): Promise<void> {
    const args = ['--only', this.#only, '--work', this.#claims];
    const child = spawnScript('spec/run.ts', { args, stdio: ['ignore', 'pipe', 'pipe'] });
    let running: Running | undefined;
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) running = this.#hear(line, running);
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      if (running) running.stderr += chunk;
    });
    const [code, signal] = await once(child, 'close');
    if (running === undefined) return;
    const { file, ...others } = this.#died(running, `${signal ?? code}`);
    this.#settle(running.index, { file, ...others });
  }

  #hear(line: string, running: Running | undefined): Running | undefined {
    if (!line.startsWith(mark)) {
      if (running) running.stdout += `${line}\n`;
      return running;
    }
    const word = JSON.parse(line.slice(1)) as Word;
    if ('begins' in word) return { index: word.begins, stdout: '', stderr: '' };
    const { ends: index, seconds, results } = word;
    const { stdout = '', stderr = '' } = running ?? {};
    const output = stdout + (count(results, 'failed') > 0 ? stderr : '');
    this.#settle(index, { file: this.#files[index] ?? '', seconds, results, output });
    return undefined;
  }

  #died({ index, stdout, stderr }: Running, how: string): FileOutcome {
    const file = this.#files[index] ?? '';
    const title = `its process has died: ${how}`;
    const result: Result = { file, suite: '', title, kind: 'file', errors: [title] };
    const output = `${stdout}  FAILED  ${file} > ${title}\n${stderr}`;
    return { file, seconds: 0, results: [result], output };
  }

  #settle(index: number, outcome: FileOutcome): void {
    report.results.push(...outcome.results);
    // A second outcome of a file: an uncaught error that came after its end.
    if (this.#outcomes.has(index)) return this.#onOutcome(outcome);
    this.#outcomes.set(index, outcome);
    for (let next = this.#outcomes.get(this.#next); next; next = this.#outcomes.get(this.#next)) {
      this.#next += 1;
      this.#onOutcome(next);
    }
  }
}

/** Reads the list of files that `run` has written. @param claims - The folder of the claims. */
export function readList(claims: string): { files: string[]; order: number[] } {
  return JSON.parse(readFileSync(`${claims}.json`, 'utf8')) as { files: string[]; order: number[] };
}
