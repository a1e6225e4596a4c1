import { attempt } from './attempt.ts';
import { warn } from './warn.ts';

/** What one of an event's arguments may be ended by. */
interface Endable {
  terminate?(): unknown;
  destroy?(): unknown;
}

/**
 * Makes a listener of ours for an event that brings a connection. Methods and getters of that are
 * its owner's, and may throw: this ends the connection alone, which is the first argument, and is
 * warned of.
 */
export function harmless<Arguments extends unknown[]>(
  listener: (...args: Arguments) => void,
): (...args: Arguments) => void {
  return (...args) => {
    try {
      listener(...args);
    } catch (error) {
      warn(error);
      const connection = Object(args[0]) as Endable;
      attempt(() => (connection.terminate ? connection.terminate() : connection.destroy?.()));
    }
  };
}
