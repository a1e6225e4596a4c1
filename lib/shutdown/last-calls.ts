import type { EventEmitter } from 'node:events';

/** The servers that take their last call now, and may bring upgrades. */
const running = new Set<EventEmitter>();
const waiting = new Set<() => void>();

/** The last call of such a server begins. @returns To be called when the last call is over. */
export function beginLastCall(server: EventEmitter): () => void {
  running.add(server);
  return () => {
    if (running.delete(server)) for (const look of waiting) look();
  };
}

/** Whether this server takes its last call now. If none is given: whether one does. */
export function isInLastCall(server: EventEmitter | undefined): boolean {
  return server ? running.has(server) : running.size > 0;
}

/** Calls `look` whenever a last call is over. @returns What ends that. */
export function onLastCallOver(look: () => void): () => void {
  waiting.add(look);
  return () => void waiting.delete(look);
}
