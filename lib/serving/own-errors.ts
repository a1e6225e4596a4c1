import { LONGEST_CHAIN } from '../bounds.ts';

/** The codes of the errors that code gets when it uses a stream after the stream has closed. */
const closedCodes: ReadonlySet<unknown> = new Set([
  // On Bun, for a write that was under way.
  'ECANCELED',
  'EPIPE',
  'ERR_STREAM_ALREADY_FINISHED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_UNABLE_TO_PIPE',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/** The `code` of a `DOMException` that is an `AbortError`. In Node's own errors it is a string. */
const DOM_ABORT_CODE = 20;

/** What is known about a connection when its handler fails. */
export interface Known {
  /** The errors with which its streams failed, and the reasons with which its signals aborted. */
  readonly errors: readonly unknown[];
  readonly isGone: () => boolean;
  /** Whether one of its signals had a listener when that signal aborted. */
  readonly wereSignalsHeard: boolean;
}

/**
 * Whether a handler's error adds nothing to what is known: the connection has failed or closed, or
 * one of its signals has aborted.
 */
export function isExpected(error: unknown, known: Known): boolean {
  try {
    if (error === undefined || error === null) return false;
    const { code } = error as NodeJS.ErrnoException;
    return isOfSignals(error, known) || (closedCodes.has(code) && known.isGone());
  } catch {
    // A handler can throw any value, even a revoked proxy.
    return false;
  }
}

/**
 * Whether `thrown` is a known error, or an `AbortError` that a known error has caused. A function
 * that takes a signal rejects with an error of its own, whose `cause` is the reason of the signal.
 *
 * Some functions set no `cause`. Such an error counts as caused by our signals only if one of them
 * had a listener. A `DOMException` without a `cause` never does: it is the reason of an
 * `AbortController` in the user's code.
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
