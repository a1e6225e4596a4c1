import { isatty } from 'node:tty';
import { shared, type Subscribe } from './shared.ts';

/**
 * How long, in milliseconds, the same signal counts as the same key press. npm passes on the Ctrl-C
 * that the terminal has sent to the program as well: 0.2 to 1 ms later, measured with npm 11 where
 * the program takes the place of its shell (`exec`, or bash as the shell); within npm once more.
 * A busy machine takes longer, and nobody presses twice so fast.
 */
const REPETITION_MS = 100;

const subscriptions = new Map<NodeJS.Signals, Subscribe<[]>>();
const repeating = new Set<NodeJS.Signals>();
const swallow = (): void => {};

/**
 * Calls `callback` whenever the process is sent a signal. It does not keep the process alive.
 *
 * Where nobody else listens, a signal kills as before as soon as the callback is taken back: but
 * while standard input is a terminal, a repetition within 100 ms is nobody's.
 *
 * @returns What takes the callback back.
 */
export function onProcessSignal(name: NodeJS.Signals, callback: () => void): () => void {
  const known = subscriptions.get(name);
  const subscribe = known ?? shared((tell) => listen(name, tell));
  if (known === undefined) subscriptions.set(name, subscribe);
  return subscribe(callback);
}

function listen(name: NodeJS.Signals, tell: () => void): () => void {
  const listener = (): void => {
    if (repeating.has(name)) return;
    if (isatty(0)) swallowRepetition(name);
    tell();
  };
  process.on(name, listener);
  return () => process.off(name, listener);
}

function swallowRepetition(name: NodeJS.Signals): void {
  repeating.add(name);
  process.on(name, swallow);
  const stop = (): void => {
    repeating.delete(name);
    process.off(name, swallow);
  };
  setTimeout(stop, REPETITION_MS).unref();
}
