export interface Result {
  readonly file: string;
  readonly suite: string;
  readonly title: string;
  readonly kind: 'test' | 'hook' | 'file';
  readonly errors: unknown[];
  /** Why the test was skipped. */
  readonly skipped?: string;
}

export type Status = 'passed' | 'failed' | 'skipped';

export function statusOf({ errors, kind, skipped }: Result): Status | undefined {
  if (errors.length > 0) return 'failed';
  if (skipped !== undefined) return 'skipped';
  return kind === 'test' ? 'passed' : undefined;
}

export function count(results: readonly Result[], status: Status): number {
  return results.filter((result) => statusOf(result) === status).length;
}

/** All results so far, in the order in which they came. There is one report in a process. */
export const report = {
  results: [] as Result[],
  /** The spec file that is being imported or run. */
  file: '',
  /** The test or hook that is running. */
  running: undefined as Result | undefined,
  /** The suites that the current file has declared, and those of them that were run. */
  declared: [] as string[],
  ran: [] as string[],
  /** The suites that have no test. */
  empty: [] as string[],

  enterFile(file: string): void {
    report.file = file;
    report.declared = [];
    report.ran = [];
    report.empty = [];
  },

  add(result: Omit<Result, 'file' | 'errors'>, ...errors: unknown[]): Result {
    const added = { ...result, file: report.file, errors };
    report.results.push(added);
    return added;
  },

  /** Records an uncaught error: with the running test or hook, or else with the file. */
  blame(error: unknown): void {
    if (report.running) report.running.errors.push(error);
    else report.add({ suite: '', title: 'outside of its tests', kind: 'file' }, error);
  },
};
