import type { EventEmitter } from 'node:events';
import { warn } from './warn.ts';
import { warnOfRejection } from './warn-of-rejection.ts';

// Of all events: their arguments have nothing in common.
// oxlint-disable-next-line typescript/no-explicit-any
type Listener = (...args: any[]) => void;

/** The names of what has thrown, by the server that it is of. */
const told = new WeakMap<object, Set<string>>();

/**
 * Calls a method of a server, or reads a property of it. These are its owner's. One that throws is
 * warned of, once for each name, and costs nothing else.
 *
 * @returns `undefined` if it throws.
 */
export function attemptOf<Result>(
  server: object,
  name: string,
  action: () => Result,
): Result | undefined {
  try {
    const result = action();
    warnOfRejection(result);
    return result;
  } catch (error) {
    const names = told.get(server) ?? new Set();
    told.set(server, names);
    if (!names.has(name)) warn(error);
    names.add(name);
    return undefined;
  }
}

/** Listens to an event of a server. */
export function hear(server: EventEmitter, event: string, listener: Listener): void {
  attemptOf(server, 'on', () => server.on(event, listener));
}

/** Listens to it before those who do already. */
export function hearFirst(server: EventEmitter, event: string, listener: Listener): void {
  attemptOf(server, 'prependListener', () => server.prependListener(event, listener));
}

/** Listens to it no more. */
export function unhear(server: EventEmitter, event: string | symbol, listener: Listener): void {
  attemptOf(server, 'off', () => server.off(event, listener));
}
