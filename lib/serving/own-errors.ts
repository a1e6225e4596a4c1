import { LONGEST_CHAIN } from '../bounds.ts';
/** What Node tells who goes on using a stream that has closed under it. */
const closedCodes: ReadonlySet<unknown> = new Set([
  // Bun, of a write that was under way.
  'ECANCELED',
  'EPIPE',
  'ERR_STREAM_ALREADY_FINISHED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_UNABLE_TO_PIPE',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/** The `code` of a `DOMException` that is an `AbortError`; Node's own have a string. */
const DOM_ABORT_CODE = 20;

/** What is known of a connection when its handler fails. */
export interface Known {
  /** The errors that its streams have failed with, and the reasons of the signals that aborted. */
  readonly errors: readonly unknown[];
  readonly isGone: () => boolean;
  /** Whether somebody listened to one of its signals when it aborted. */
  readonly wereSignalsHeard: boolean;
}

/**
 * Whether a handler's error only says what is known: that the connection has failed or closed, or
 * that one of its signals has aborted.
 */
export function isExpected(error: unknown, known: Known): boolean {
  try {
    if (error === undefined || error === null) return false;
    const { code } = error as NodeJS.ErrnoException;
    return isOfSignals(error, known) || (closedCodes.has(code) && known.isGone());
  } catch {
    // Anything may be thrown, a revoked proxy too.
    return false;
  }
}

/**
 * Whether it is one of the known, or an `AbortError` that one of them has caused: what takes a
 * signal rejects with an error of its own, whose `cause` is the reason.
 *
 * Some give no cause. Such an error may be of a signal of ours only if somebody listened to that.
 * A `DOMException` without a cause is the reason of an `AbortController` of somebody's own.
 */
function isOfSignals(thrown: unknown, { errors, wereSignalsHeard }: Known): boolean {
  let error = thrown;
  for (let length = 0; length < LONGEST_CHAIN; length += 1) {
    if (errors.includes(error)) return true;
    const { name, code, cause } = Object(error) as { [key in string]?: unknown };
    if (name !== 'AbortError') return false;
    if (cause === undefined) return wereSignalsHeard && code !== DOM_ABORT_CODE;
    error = cause;
  }
  return false;
}
