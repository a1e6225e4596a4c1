import type { EventEmitter } from 'node:events';

/**
 * Hears an event as long as somebody else does, and before them. For events that change what the
 * emitter does when there is a listener: an HTTP server leaves an upgrade to who listens for it.
 *
 * @returns What ends it.
 */
export function overhear(
  emitter: EventEmitter,
  event: string,
  listener: (...args: never[]) => void,
): () => void {
  let isOn = false;
  const hear = (...args: unknown[]): void => listener(...(args as never[]));
  const begin = (): void => {
    if (isOn) return;
    isOn = true;
    emitter.prependListener(event, hear);
  };
  const onAdded = (added: string | symbol, by: unknown): void => {
    if (added === event && by !== hear) begin();
  };
  const onRemoved = (removed: string | symbol): void => {
    if (removed !== event || !isOn || emitter.listenerCount(event) > 1) return;
    isOn = false;
    emitter.off(event, hear);
  };
  if (emitter.listenerCount(event) > 0) begin();
  emitter.on('newListener', onAdded);
  emitter.on('removeListener', onRemoved);
  return () => {
    emitter.off('newListener', onAdded);
    emitter.off('removeListener', onRemoved);
    emitter.off(event, hear);
  };
}
