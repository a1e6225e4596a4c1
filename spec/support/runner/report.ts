export interface Result {
  readonly file: string;
  readonly suite: string;
  readonly title: string;
  readonly kind: 'test' | 'hook' | 'file';
  readonly errors: unknown[];
  /** Why it was not run. */
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

/** What has happened so far, in the order it happened. One per process. */
export const report = {
  results: [] as Result[],
  /** The spec file that is imported or run now. */
  file: '',
  /** The test or hook that is executed now. */
  running: undefined as Result | undefined,
  /** Suites of the current file, declared and run. */
  declared: [] as string[],
  ran: [] as string[],
  /** Those of them that have no test. */
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

  /** Records an error that nobody caught: with what runs now, or else with the file. */
  blame(error: unknown): void {
    if (report.running) report.running.errors.push(error);
    else report.add({ suite: '', title: 'outside of its tests', kind: 'file' }, error);
  },
};
