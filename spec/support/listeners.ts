import { type EventEmitter, getEventListeners } from 'node:events';

/** How many listeners an emitter has, by event. */
export function listenersOn(emitter: EventEmitter): Record<string, number> {
  const names = emitter.eventNames().map(String).toSorted();
  return Object.fromEntries(names.map((name) => [name, emitter.listenerCount(name)]));
}

/** How many listeners wait for a signal to abort. */
export function abortListeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}
