import type { Duplex } from 'node:stream';
import type { Addressed } from './straggler.ts';
import { type Cancel, type Closable, guard, type Life, type Protocol } from './protocol.ts';
import { ClosableStream, isStream, reset, type Resettable, servedStream } from './socket.ts';
import { warn } from './warn.ts';

/** What can be ended by force among an event's arguments, best known first. */
const endings = ['resetAndDestroy', 'terminate', 'destroy'] as const;

interface Ended extends Life, Addressed, Partial<Resettable> {
  readonly destroyed?: boolean;
  terminate?(): void;
}

/**
 * Connections of any emitter: the event's arguments. The one among them that can be ended by force
 * is guarded, and refused when nobody will serve it; where none can, there is nothing to end.
 */
export function eventProtocol(event: string): Protocol<unknown[]> {
  return {
    event,
    accept(...args) {
      connectionIn(args)?.on('error', guard);
      return args;
    },
    life: connectionIn,
    isGone,
    mustBeTakenAtOnce: true,
    refuse,
    ...servedStream(streamIn, closable),
    socketOf: connectionIn,
  };
}

function isGone(args: unknown[]): boolean {
  return connectionIn(args)?.destroyed === true;
}

function refuse(args: unknown[]): void {
  const connection = connectionIn(args);
  try {
    if (connection?.terminate && !connection.resetAndDestroy) connection.terminate();
    else if (connection) reset(connection);
  } catch (error) {
    // Somebody's own method: the others have to be ended all the same.
    warn(error);
  }
}

function streamIn(args: unknown[]): Duplex | undefined {
  const connection: object | undefined = connectionIn(args);
  return isStream(connection) ? connection : undefined;
}

function closable(args: unknown[]): Closable {
  const stream = streamIn(args);
  return stream ? new ClosableStream(stream) : new ClosableThing(args);
}

/** Something that has an end, or nothing at all, such as a datagram. */
class ClosableThing implements Closable {
  readonly #args: unknown[];
  readonly #life: Life | undefined;
  #isClosed: boolean;

  constructor(args: unknown[]) {
    this.#args = args;
    this.#life = connectionIn(args);
    this.#isClosed = this.#life === undefined;
  }

  end(onFlushed: () => void): void {
    this.destroy();
    onFlushed();
  }

  destroy(): void {
    refuse(this.#args);
    // Whether it ever says so is not known.
    this.#isClosed = true;
  }

  isClosed(): boolean {
    return this.#isClosed || isGone(this.#args);
  }

  onClose(callback: () => void): Cancel {
    const life = this.#life;
    const onClosed = (): void => {
      this.#isClosed = true;
      life?.off('close', onClosed);
      callback();
    };
    if (this.isClosed()) callback();
    else life?.on('close', onClosed);
    return () => void life?.off('close', onClosed);
  }
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
