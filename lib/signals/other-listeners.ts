import { debug } from '../primitives/debug.ts';

/**
 * The key of a property on the listeners of this package, and of other copies of the package. Its
 * value identifies the copy.
 */
const mark = Symbol.for('accept-loop.signal-listener');
const copy = {};

/** The signals that stop a server and to which signal-exit 3 and 4 listen. */
const signalExitSignals: ReadonlySet<string> = new Set([
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR2',
]);

let hasWarned = false;

/** Marks a listener of this package: it never ends the process while a server may be drained. */
export function markAsOurs(listener: () => void): () => void {
  return Object.assign(listener, { [mark]: copy });
}

/**
 * Emits a process warning if the signal that stops the process has other listeners. Most frameworks
 * and many programs exit in such a listener, or raise the signal again. It warns once in the life
 * of the process.
 *
 * Call it before the abort is announced. A listener that was added with `process.once()` is removed
 * when the signal is dispatched to it, and would then not be counted.
 */
export function warnOfOtherListeners(name: NodeJS.Signals): void {
  const count = countOthers(name, (listener) => !(mark in listener));
  if (count === 0 || hasWarned) return;
  hasWarned = true;
  const listeners = count === 1 ? '1 other listener' : `${count} other listeners`;
  process.emitWarning(
    `${name} has ${listeners}, which may end the process before its connections are drained`,
    {
      code: 'ACCEPT_LOOP_OTHER_LISTENER',
      detail:
        "Turn off the framework's own signal handling (see accept-loop's docs/signals.md), or " +
        'call shutdownSignal({ warnOfOthers: false }). NODE_DEBUG=accept-loop names the listeners.',
    },
  );
}

/**
 * How many listeners for a signal do not belong to this copy of the package. The code that has
 * added them stops the process in its own way. Listeners of signal-exit do not count.
 */
export function countOtherListeners(name: NodeJS.Signals): number {
  return countOthers(name, (listener) => Reflect.get(listener, mark) !== copy);
}

/** How many listeners a signal has, without those of signal-exit. */
export function countListeners(name: NodeJS.Signals): number {
  return countOthers(name, () => true);
}

function countOthers(name: NodeJS.Signals, isOther: (listener: object) => boolean): number {
  const others = process.listeners(name).filter(isOther);
  const harmless = Math.min(signalExitListeners(name), others.length);
  debug(
    'other listeners for %s: %d, of signal-exit: %d: %O',
    name,
    others.length,
    harmless,
    others,
  );
  return others.length - harmless;
}

/**
 * How many listeners belong to signal-exit. They end the process only if there is no other
 * listener. Each copy of signal-exit has one listener, and adds itself to a count that all copies
 * share.
 */
function signalExitListeners(name: NodeJS.Signals): number {
  if (!signalExitSignals.has(name)) return 0;
  const version4: unknown = Reflect.get(globalThis, Symbol.for('signal-exit emitter'));
  const version3: unknown = Reflect.get(process, '__signal_exit_emitter__');
  return countOf(version4) + countOf(version3);
}

function countOf(emitter: unknown): number {
  const { count } = (emitter ?? {}) as { count?: unknown };
  return typeof count === 'number' ? count : 0;
}
