import { type ConnectionKind, guard, type Life } from './connection-kind.ts';
import { reset, type Resettable } from './socket-connections.ts';
import { warn } from './warn.ts';

/** What can be ended by force among an event's arguments, best known first. */
const endings = ['resetAndDestroy', 'terminate', 'destroy'] as const;

interface Ended extends Life, Partial<Resettable> {
  readonly destroyed?: boolean;
  terminate?(): void;
}

/**
 * Connections of any emitter: the event's arguments. The one among them that can be ended by force
 * is guarded, and refused when nobody will serve it; where none can, there is nothing to end.
 */
export function eventConnections(event: string): ConnectionKind<unknown[]> {
  return {
    event,
    accept(...args) {
      connectionIn(args)?.on('error', guard);
      return args;
    },
    life: connectionIn,
    isGone: (args) => connectionIn(args)?.destroyed === true,
    mustBeTakenAtOnce: true,
    release() {},
    refuse(args) {
      const connection = connectionIn(args);
      try {
        if (connection?.resetAndDestroy && connection.destroy) {
          reset(connection as Ended & Resettable);
        } else if (connection?.terminate) connection.terminate();
        else connection?.destroy?.();
      } catch (error) {
        // Somebody's own method: the others have to be ended all the same.
        warn(error);
      }
    },
  };
}

function connectionIn(args: unknown[]): Ended | undefined {
  for (const ending of endings) {
    for (const argument of args) if (canEnd(argument, ending)) return argument;
  }
  return undefined;
}

function canEnd(argument: unknown, ending: (typeof endings)[number]): argument is Ended {
  if (typeof argument !== 'object' || argument === null) return false;
  const { on, off, [ending]: end } = argument as Partial<Ended>;
  return typeof on === 'function' && typeof off === 'function' && typeof end === 'function';
}

/** Whether `value` is an object that has all of these methods. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}
