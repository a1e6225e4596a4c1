import type { WebSocket } from 'ws';
import { Misbehaviour, nothing, type Occasion, prelude } from './occasion.ts';

const LARGE = 1_000_000;

/** Talks to a WebSocket until it has gone, or the shutdown begins. */
export async function handleWebSocket(webSocket: WebSocket, occasion: Occasion): Promise<void> {
  const { act, draining } = occasion;
  if (occasion.isOwned) webSocket.on('error', nothing);
  webSocket.on('message', () => webSocket.send('answer', nothing));
  if (act === 'early end') return webSocket.close(1000);
  await prelude(occasion);
  if (act === 'destroy') return webSocket.terminate();
  webSocket.send(act === 'large' ? Buffer.alloc(LARGE, 'x') : 'hello', nothing);
  if (act === 'half') throw new Misbehaviour('after half an answer');
  if (act === 'twice') webSocket.close(1001, 'once');
  if (act === 'twice' || act === 'odd headers') return webSocket.close(3000, 'twice');
  if (webSocket.readyState === webSocket.CLOSED) return;
  await new Promise<void>((resolve) => {
    webSocket.once('close', () => resolve());
    draining?.addEventListener('abort', () => resolve(), { once: true });
  });
}
