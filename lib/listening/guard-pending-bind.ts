import type { EventEmitter } from 'node:events';
import { guard } from '../protocols/protocol.ts';
import { hear, unhear } from '../primitives/hear.ts';
import { setImmediate } from '../primitives/timers.ts';

const guarded = new WeakSet<EventEmitter>();

/**
 * Keeps a bind that has failed from crashing the process when the server is closed: Node emits its
 * error on the next tick, when nobody may listen to it any more. The guard leaves one turn later.
 */
export function guardPendingBind(server: EventEmitter): void {
  if (guarded.has(server)) return;
  guarded.add(server);
  hear(server, 'error', guard);
  // Not at 'close': it may come turns later (Deno), when the
  // last old connection ends, or never (Bun's http.Server that was not bound).
  setImmediate(() => {
    guarded.delete(server);
    unhear(server, 'error', guard);
  });
}
