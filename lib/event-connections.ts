import { type ConnectionKind, guard, type Life } from './connection-kind.ts';
import { reset } from './socket-connections.ts';

/** What a connection among an event's arguments may offer, best first, to be ended by force. */
const endings = ['resetAndDestroy', 'terminate', 'destroy'] as const;

type Ended = Life & { readonly destroyed?: unknown } & Record<(typeof endings)[number], () => void>;

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
    release() {},
    refuse(args) {
      const connection = connectionIn(args);
      if (connection === undefined) return;
      if ('terminate' in connection) connection.terminate();
      else reset(connection);
    },
  };
}

function connectionIn(args: unknown[]): Ended | undefined {
  for (const ending of endings) {
    const found = args.find((argument) => hasMethods(argument, ['on', 'off', ending]));
    if (found !== undefined) return found as Ended;
  }
  return undefined;
}

/** Whether `value` is an object that has all of these methods. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}
