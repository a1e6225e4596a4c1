import type { EventEmitter } from 'node:events';
import { guard } from '../protocols/protocol.ts';
import { hear, unhear } from '../primitives/hear.ts';
import { setImmediate } from '../primitives/timers.ts';

const guarded = new WeakSet<EventEmitter>();

/**
 * Keeps a failed bind from crashing the process when the server is closed. Node emits the error of
 * the bind on the next tick, when there may be no other listener for `'error'`. The guard leaves
 * the server one turn later.
 */
export function guardPendingBind(server: EventEmitter): void {
  if (guarded.has(server)) return;
  guarded.add(server);
  hear(server, 'error', guard);
  // Not at 'close'. On Deno that may come turns later, when the last old connection ends. On Bun it
  // never comes for an http.Server that was not bound.
  setImmediate(() => {
    guarded.delete(server);
    unhear(server, 'error', guard);
  });
}
