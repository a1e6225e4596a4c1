import { attempt } from './attempt.ts';
import { warn } from './warn.ts';

/** The methods that may end the argument of an event. */
interface Endable {
  terminate?(): unknown;
  destroy?(): unknown;
}

/**
 * Wraps one of our listeners for an event that brings a connection, its first argument. The owner
 * may have replaced methods and getters of the connection, and they may throw. Then only this
 * connection is ended, and the error becomes a process warning.
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
