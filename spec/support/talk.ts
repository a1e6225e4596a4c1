import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { DrainReport } from '../../lib/index.ts';
import { type Client, webSocketDrain, type WebSocketDrain } from './drain-web-socket.ts';
import type { WebSocketDrainOptions } from './drain-web-socket.ts';

/** A drained `WebSocketServer` with a client that has asked something, and one that is silent. */
export interface Talk extends WebSocketDrain {
  readonly asks: Client;
  readonly silent: Client;
}

/** How long is waited for an answer in these specs, in milliseconds: longer than a busy machine takes. */
export const IDLE_MS = 800;

/** The server has the question, and has answered nothing. */
export async function talk(options: WebSocketDrainOptions = {}): Promise<Talk> {
  const scene = await webSocketDrain({ idle: IDLE_MS, ...options });
  const asks = await scene.client();
  const silent = await scene.client();
  await ask(asks);
  return { ...scene, asks, silent };
}

export async function ask({ client, webSocket }: Client): Promise<void> {
  const heard = once(webSocket, 'message');
  client.send('question');
  await heard;
}

export function assertServed({ finished, forced }: DrainReport, count: number): void {
  assert.deepEqual({ finished, forced }, { finished: count, forced: 0 });
}
