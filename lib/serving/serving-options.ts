import { FLUSH_MS, GRACE_MS, IDLE_MS, LINGER_MS, MAX_QUEUED } from '../bounds.ts';
import type { OptionCheck } from '../primitives/option-check.ts';
import type { IsBusy } from '../protocols/quiet.ts';
import type { RunnerOptions } from './task-runner.ts';

const names = [
  'signal',
  'maxQueued',
  'event',
  'concurrency',
  'grace',
  'idle',
  'linger',
  'flush',
  'quiet',
  'isBusy',
  'onError',
];

/** The options of a serving, checked, with their defaults. */
export interface ServingOptions<Connection> extends RunnerOptions<Connection> {
  readonly signal: AbortSignal | undefined;
  readonly maxQueued: number;
  readonly concurrency: number;
  readonly grace: number;
  readonly idle: number;
  readonly quiet: number;
  readonly isBusy: IsBusy | undefined;
}

type Optional<Options> = { readonly [Name in keyof Options]?: Options[Name] | undefined };

/** The options as `serve` is given them. */
interface GivenOptions extends Optional<Omit<ServingOptions<never>, 'isBusy'>> {
  readonly isBusy?: ((connection: never) => unknown) | undefined;
  /** Checked with the server. */
  readonly event?: unknown;
}

type CheckedOptions = ServingOptions<never> & { event: unknown };

/** @throws `TypeError` or `RangeError` for a bad option. */
export function checkServingOptions(check: OptionCheck, options: GivenOptions): CheckedOptions {
  check.known(names, options);
  const { signal, event, isBusy, onError, ...others } = options;
  const { maxQueued = MAX_QUEUED, concurrency = Infinity } = others;
  const { grace = GRACE_MS, idle = IDLE_MS, linger = LINGER_MS, flush = FLUSH_MS } = others;
  const { quiet = Infinity } = others;
  check.signal(signal);
  check.count('maxQueued', maxQueued, { from: 0 });
  check.count('concurrency', concurrency, { from: 1 });
  for (const [name, value] of Object.entries({ grace, idle, linger, flush, quiet })) {
    check.duration(name, value);
  }
  if (isBusy !== undefined) check.function('isBusy', isBusy);
  if (onError !== undefined) check.function('onError', onError);
  const times = { grace, idle, linger, flush, quiet };
  return { signal, event, maxQueued, concurrency, ...times, isBusy: isBusy as IsBusy, onError };
}
