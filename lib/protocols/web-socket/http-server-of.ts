import type { EventEmitter } from 'node:events';

/** The HTTP server that a `WebSocketServer` is attached to. One with a port of its own has none here. */
export function httpServerOf(server: EventEmitter): EventEmitter | undefined {
  const { options } = server as { options?: { server?: EventEmitter | null } };
  return options?.server ?? undefined;
}
