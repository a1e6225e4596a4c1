import { GRACE_MS, IDLE_MS } from '../bounds.ts';
import { OptionCheck } from '../primitives/option-check.ts';
import { isCatchable } from '../signals/catchable.ts';

const check: OptionCheck = new OptionCheck('Cannot register');

/** How the report is written. With `off` it is not written. */
export type ReportFormat = 'text' | 'json' | 'off';

const formats: readonly string[] = ['text', 'json', 'off'] satisfies ReportFormat[];

/** How the servers of a process are stopped. Times are milliseconds. */
export interface Settings {
  readonly grace: number;
  readonly idle: number;
  /** The time from the signal to the last call. */
  readonly delay: number;
  readonly report: ReportFormat;
  /** The only signal that drains, in place of SIGTERM and SIGINT. */
  readonly signal: NodeJS.Signals | undefined;
}

/**
 * Reads the settings from environment variables. An empty one counts as not set, as it does in
 * Node.
 *
 * @throws `RangeError` for a bad value.
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const duration = (name: string, standard: number): number => {
    const text = environment[name];
    if (!text) return standard;
    // Not Number() alone, which accepts ' ', '0x10' and '1e3' as well.
    if (/^\d+$/.test(text) || text === 'Infinity') return Number(text);
    throw check.error(RangeError, name, 'a whole number of milliseconds, or Infinity', text);
  };
  const report = environment['ACCEPT_LOOP_REPORT'] || 'text';
  if (!formats.includes(report)) {
    throw check.error(RangeError, 'ACCEPT_LOOP_REPORT', 'text, json or off', report);
  }
  const signal = environment['ACCEPT_LOOP_SIGNAL'] || undefined;
  if (signal !== undefined && !isCatchable(signal)) {
    const wanted = 'the name of a signal that a process can catch';
    throw check.error(RangeError, 'ACCEPT_LOOP_SIGNAL', wanted, signal);
  }
  return {
    grace: duration('ACCEPT_LOOP_GRACE', GRACE_MS),
    idle: duration('ACCEPT_LOOP_IDLE', IDLE_MS),
    delay: duration('ACCEPT_LOOP_DELAY', 0),
    report: report as ReportFormat,
    signal,
  };
}
