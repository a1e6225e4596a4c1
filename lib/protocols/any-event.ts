import type { Duplex } from 'node:stream';
import {
  ClosableThing,
  endThing,
  isForceful,
  isThingGone,
  keepListener,
  lifeOf,
  thingIn,
} from './closable-thing.ts';
import { guard, type Protocol } from './protocol.ts';
import { ClosableStream } from './closable-stream.ts';
import { isStream, servedStream } from './socket.ts';

/**
 * Connections of any emitter: the arguments of its event. The argument that has an end is guarded,
 * lives until its `'close'`, and is refused if it will not be served.
 */
export function eventProtocol(event: string): Protocol<unknown[]> {
  const served = servedStream(streamIn, (args: unknown[]) => {
    const stream = streamIn(args);
    return stream ? new ClosableStream(stream) : new ClosableThing(thingIn(args));
  });
  return {
    event,
    accept(args) {
      const thing = thingIn(args);
      // Many events may bring the same thing.
      if (thing) keepListener(thing, 'error', guard);
      return args;
    },
    life(args) {
      const thing = thingIn(args);
      return thing && lifeOf(thing);
    },
    isGone(args) {
      const thing = thingIn(args);
      return thing !== undefined && isThingGone(thing);
    },
    mustBeTakenAtOnce: true,
    refuse(args) {
      const thing = thingIn(args);
      if (thing) endThing(thing);
    },
    refuseLate(args) {
      const thing = thingIn(args);
      // Other things end with their emitter, which is about to be closed. A client of Socket.IO
      // comes back after that, but not after a disconnect().
      if (thing && isForceful(thing)) endThing(thing);
    },
    ...served,
    departure(args) {
      if (streamIn(args)) return served.departure(args);
      return thingIn(args) && new Error('The connection is gone');
    },
    hidesDeparture: (args) => streamIn(args) === undefined,
    socketOf: thingIn,
  };
}

function streamIn(args: unknown[]): Duplex | undefined {
  const thing: object | undefined = thingIn(args);
  return isStream(thing) ? thing : undefined;
}

/** Whether `value` is an object that has all of these methods. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}
