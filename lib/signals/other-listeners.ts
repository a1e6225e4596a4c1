import { debuglog } from 'node:util';

const debug = debuglog('accept-loop');

/** On our listeners, those of another copy of this package among them. Its value is the copy. */
const mark = Symbol.for('accept-loop.signal-listener');
const copy = {};

/** The signals to which signal-exit 3 and 4 listen, of those that stop a server. */
const signalExitSignals: ReadonlySet<string> = new Set([
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR2',
]);

let hasWarned = false;

/** Marks a listener as one that never ends the process while somebody may be drained. */
export function markAsOurs(listener: () => void): () => void {
  return Object.assign(listener, { [mark]: copy });
}

/**
 * Emits a process warning, the first time that others listen to the signal that stops the process:
 * most frameworks and many programs exit in such a listener, or raise the signal again.
 *
 * Call it before anybody hears of the abort. A listener that `process.once()` has added is gone
 * when it is called.
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
 * How many listeners for a signal are not of this copy of the package: whoever made them stops the
 * process in a way of its own. Those of signal-exit do not count.
 */
export function countOtherListeners(name: NodeJS.Signals): number {
  return countOthers(name, (listener) => Reflect.get(listener, mark) !== copy);
}

/** How many listen for a signal, but for signal-exit. */
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
 * How many listeners are signal-exit's, which end the process only if nobody else listens. Each
 * copy of it has one, and counts itself, so that the copies know of each other.
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
