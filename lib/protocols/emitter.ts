import type { EventEmitter } from 'node:events';
import { attemptOf } from '../primitives/hear.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';
import { eventProtocol } from './any-event.ts';
import type { KnownServer } from './known-server.ts';

/** The codes of Node's errors when something is closed a second time. */
const closedCodes: ReadonlySet<unknown> = new Set([
  'ERR_SERVER_NOT_RUNNING',
  'ERR_SOCKET_DGRAM_NOT_RUNNING',
]);

/** An emitter of which only the event is known that the caller asks for. */
export function anyEmitter(emitter: EventEmitter, event: string): KnownServer {
  const { listening, close } = emitter as EventEmitter & { listening?: unknown; close?: unknown };
  const connections = eventProtocol(event);
  return {
    name: 'emitter',
    connections,
    byEvent: { [event]: connections },
    closesLast: typeof close === 'function',
    isListening: () =>
      typeof listening === 'boolean'
        ? attemptOf(emitter, 'listening', () => Boolean(Reflect.get(emitter, 'listening')))
        : undefined,
    close: () => {
      if (typeof close === 'function') closeEmitter(() => Reflect.apply(close, emitter, []));
    },
  };
}

/** Closes an emitter, which other code may have closed: `node:dgram` throws then. */
function closeEmitter(close: () => unknown): void {
  try {
    warnOfRejection(close(), saysClosed);
  } catch (error) {
    if (!saysClosed(error)) throw error;
  }
}

function saysClosed(error: unknown): boolean {
  return closedCodes.has((Object(error) as NodeJS.ErrnoException).code);
}
