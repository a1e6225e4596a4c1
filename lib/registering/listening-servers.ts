import { subscribe } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';

/** What Node and Deno publish when the listener of a server is open, before `'listening'`. */
const CHANNEL = 'tracing:net.server.listen:asyncEnd';

/** Calls back with each server of this thread that begins to listen, before it accepts anything. */
export function onServerListening(callback: (server: EventEmitter) => void): void {
  subscribe(CHANNEL, (message) => callback((message as { server: EventEmitter }).server));
}
