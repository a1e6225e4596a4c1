import { subscribe } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';

/** The channel on which Node and Deno publish an open listener, before `'listening'`. */
const CHANNEL = 'tracing:net.server.listen:asyncEnd';

/** Calls back with each server of this thread that begins to listen, before it can accept. */
export function onServerListening(callback: (server: EventEmitter) => void): void {
  subscribe(CHANNEL, (message) => callback((message as { server: EventEmitter }).server));
}
