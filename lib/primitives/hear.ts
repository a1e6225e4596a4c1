import type { EventEmitter } from 'node:events';
import { warn } from './warn.ts';
import { warnOfRejection } from './warn-of-rejection.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- The arguments of events have nothing in common.
type Listener = (...args: any[]) => void;

/** For each server, the names of the methods and properties that have thrown. */
const told = new WeakMap<object, Set<string>>();

/**
 * Calls a method of a server or connection, or reads one of its properties. Its owner may have
 * replaced them. If one throws, the error becomes a process warning, once for each `name`, and has
 * no other effect. If a method rejects, the error becomes a warning each time.
 *
 * @returns The result, or `undefined` if it throws.
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

/** Adds a listener for an event of a server. */
export function hear(server: EventEmitter, event: string, listener: Listener): void {
  attemptOf(server, 'on', () => server.on(event, listener));
}

/** Adds a listener in front of those that are there already. */
export function hearFirst(server: EventEmitter, event: string, listener: Listener): void {
  attemptOf(server, 'prependListener', () => server.prependListener(event, listener));
}

/** Removes a listener. */
export function unhear(server: EventEmitter, event: string | symbol, listener: Listener): void {
  attemptOf(server, 'off', () => server.off(event, listener));
}
