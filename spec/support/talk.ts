import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { DrainReport } from '../../lib/index.ts';
import { type Client, webSocketDrain, type WebSocketDrain } from './drain-web-socket.ts';
import type { WebSocketDrainOptions } from './drain-web-socket.ts';

/** A drained `WebSocketServer` with two clients: one has asked a question, the other is silent. */
export interface Talk extends WebSocketDrain {
  readonly asks: Client;
  readonly silent: Client;
}

/** `idle` in these specs, in milliseconds: longer than an answer takes on a busy machine. */
export const IDLE_MS = 800;

/** Makes such a server. It has received the question, and has not answered. */
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
