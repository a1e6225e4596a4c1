import type { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import { hasMethods } from './any-event.ts';
import type { OptionCheck } from '../primitives/option-check.ts';
import { anyEmitter } from './emitter.ts';
import type { KnownServer } from './known-server.ts';
import { recognise } from './recognise.ts';

const servers = 'a net, tls, http, https, http2 or WebSocket server';

/** Where frameworks keep their server: Fastify, Socket.IO and hapi. */
const holders = [
  ['server', 'give app.server'],
  ['httpServer', 'give io.httpServer'],
  ['listener', 'give server.listener'],
] as const;

/**
 * What is known of a server, for the event that the caller asks for.
 *
 * @throws `TypeError` for a value that is no server, and for an emitter without an event.
 * `RangeError` for an event that such a server does not bring.
 */
export function checkServer(check: OptionCheck, server: unknown, event: unknown): KnownServer {
  if (event !== undefined && typeof event !== 'string') {
    throw check.error(TypeError, 'event', 'the name of an event', event);
  }
  const known = knownOf(server);
  if (known === undefined) {
    if (event !== undefined && isEmitter(server)) return anyEmitter(server, event);
    const wanted = `${servers}, or an emitter with the option "event"`;
    throw check.error(TypeError, 'server', wanted, server, serverHint(server));
  }
  if (event === undefined) return known;
  const connections = Object.hasOwn(known.byEvent, event) ? known.byEvent[event] : undefined;
  if (connections !== undefined) return { ...known, connections };
  const names = Object.keys(known.byEvent).map((name) => `'${name}'`);
  const wanted = `one of ${names.join(', ')} for the ${known.name} server`;
  throw check.error(RangeError, 'event', wanted, event);
}

/**
 * What is known of a server that other code handles.
 *
 * @throws `TypeError` for a value that is no server.
 */
export function checkHandledServer(check: OptionCheck, server: unknown): KnownServer {
  const known = knownOf(server);
  if (known !== undefined) return known;
  throw check.error(TypeError, 'server', servers, server, serverHint(server));
}

/**
 * Checks `quiet`. If connections are not sockets, silence has no known meaning. HTTP has `idle`.
 *
 * @throws `TypeError` for a `quiet` of a server whose connections are not sockets.
 */
export function checkQuiet(check: OptionCheck, known: KnownServer, quiet: number = Infinity): void {
  if (quiet === Infinity || known.connections.isSocket) return;
  const wanted = 'left out for a server whose connections are not sockets';
  throw check.error(TypeError, 'quiet', wanted, quiet, known.carriers && 'HTTP has "idle"');
}

/**
 * Whether it is a server of Node that can be told to listen. Applications, for example, have a
 * `listen()` of another kind.
 */
export function isListenable(value: unknown): value is Server {
  const isServer = looksLike(value, ['on', 'off', 'listen', 'close']);
  return isServer && typeof (value as Server).listening === 'boolean';
}

/**
 * What to pass in place of a framework's application, of a promise or of an address, if `value` is
 * one.
 *
 * @param other - The hint for an application that does not show its server.
 */
export function serverHint(
  value: unknown,
  other = 'give what listen() returned',
): string | undefined {
  try {
    const application = Object(value) as Record<string, unknown>;
    const has = (name: string): boolean => typeof application[name] === 'function';
    // NestJS, which has an `httpServer`, too.
    if (has('getHttpServer')) return 'give app.getHttpServer()';
    // Before `then`: an application of Fastify is a thenable.
    const holder = holders.find(([name]) => knownOf(application[name]) !== undefined);
    if (holder !== undefined) return holder[1];
    if (has('then')) return 'await it';
    if (has('listen')) return other;
    // An address, which the listen() of Fastify resolves with; Hono.
    return typeof value === 'string' || has('fetch') ? 'give its server' : undefined;
  } catch {
    // A getter that throws: it is no application of a known kind.
    return undefined;
  }
}

function knownOf(server: unknown): KnownServer | undefined {
  try {
    return isEmitter(server) ? recognise(server) : undefined;
  } catch {
    // A revoked proxy, or a getter that throws: such a server is of no use.
    return undefined;
  }
}

function isEmitter(value: unknown): value is EventEmitter {
  return looksLike(value, ['on', 'off']);
}

/** Whether it is an object with these methods. An object whose properties cannot be read is not. */
export function looksLike(value: unknown, methods: readonly string[]): boolean {
  try {
    return hasMethods(value, methods);
  } catch {
    return false;
  }
}
