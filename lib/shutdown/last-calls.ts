import type { EventEmitter } from 'node:events';

/** The servers that take their last call now. */
const running = new Set<EventEmitter>();
const waiting = new Set<() => void>();

/** The last call of `server` begins. @returns To be called when the last call is over. */
export function beginLastCall(server: EventEmitter): () => void {
  running.add(server);
  return () => {
    if (running.delete(server)) for (const look of waiting) look();
  };
}

/** Whether a server for which `matches` holds takes its last call now. */
export function someLastCall(matches: (server: EventEmitter) => boolean): boolean {
  for (const server of running) if (matches(server)) return true;
  return false;
}

/** Calls `look` whenever a last call is over. @returns What ends that. */
export function onLastCallOver(look: () => void): () => void {
  waiting.add(look);
  return () => void waiting.delete(look);
}
