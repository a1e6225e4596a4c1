import type { EventEmitter } from 'node:events';

/** Servers that take their last call. */
const running = new Set<EventEmitter>();
const waiting = new Set<() => void>();

/** @returns What says that it is over. */
export function beginLastCall(server: EventEmitter): () => void {
  running.add(server);
  return () => {
    if (running.delete(server)) for (const look of waiting) look();
  };
}

/** Whether one of the servers takes its last call for which `matches` holds. */
export function someLastCall(matches: (server: EventEmitter) => boolean): boolean {
  for (const server of running) if (matches(server)) return true;
  return false;
}

/** Calls back whenever a last call is over. @returns What ends it. */
export function onLastCallOver(look: () => void): () => void {
  waiting.add(look);
  return () => void waiting.delete(look);
}
