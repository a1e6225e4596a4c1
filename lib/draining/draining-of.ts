import type { EventEmitter } from 'node:events';
import { Draining } from './draining.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import { recognise } from '../protocols/recognise.ts';

const drainings = new WeakMap<EventEmitter, Draining>();
/**
 * Servers that have been drained, and so closed. One more `close()` would make them emit `'close'`
 * again, so it is not called. The price: a bind under way is not cancelled then.
 */
const drained = new WeakSet<EventEmitter>();

/**
 * Returns the draining of a server, which all calls for it share. A server that is attached to
 * another shares the draining of that one.
 *
 * From this call on, the draining follows the connections. It ends nothing before `join()`.
 */
export function drainingOf(server: EventEmitter, known: KnownServer): Draining {
  const { host } = known;
  const knownHost = host && recognise(host);
  if (host && knownHost?.upgraded) {
    const draining = drainingOf(host, knownHost);
    draining.connections.follow(server, known);
    return draining;
  }
  const draining = drainings.get(server) ?? newDraining(server, known);
  drainings.set(server, draining);
  return draining;
}

function newDraining(server: EventEmitter, known: KnownServer): Draining {
  return new Draining(server, known, {
    wasDrained: drained.has(server),
    onLeft(hasDrained) {
      drainings.delete(server);
      if (hasDrained) drained.add(server);
    },
    drainAgain: (options) => void drainingOf(server, known).join(options),
  });
}
