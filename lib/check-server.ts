import type { EventEmitter } from 'node:events';
import { hasMethods } from './any-event.ts';
import type { OptionCheck } from './option-check.ts';
import { emitterKind, type ServerKind, serverKind } from './server-kind.ts';

/**
 * What is known of a server, for the event that is asked for.
 *
 * @throws `TypeError` for what is no server, and for an emitter without an event; `RangeError` for
 * an event that such a server does not bring.
 */
export function checkServer(check: OptionCheck, server: unknown, event: unknown): ServerKind {
  if (event !== undefined && typeof event !== 'string') {
    throw check.error(TypeError, 'event', 'the name of an event', event);
  }
  const isEmitter = hasMethods(server, ['on', 'off']);
  const emitter = server as EventEmitter;
  const kind = isEmitter ? serverKind(emitter) : undefined;
  if (kind === undefined) {
    if (isEmitter && event !== undefined) return emitterKind(emitter, event);
    const servers = 'a net, tls, http, https, http2 or WebSocket server';
    const wanted = `${servers}, or an emitter with the option "event"`;
    throw check.error(TypeError, 'server', wanted, server);
  }
  if (event === undefined) return kind;
  const connections = Object.hasOwn(kind.byEvent, event) ? kind.byEvent[event] : undefined;
  if (connections !== undefined) return { ...kind, connections };
  const known = Object.keys(kind.byEvent).map((name) => `'${name}'`);
  const wanted = `one of ${known.join(', ')} on a ${kind.name} server`;
  throw check.error(RangeError, 'event', wanted, event);
}
