import type { WebSocket } from 'ws';
import { stall } from '../../support/turns.ts';
import { sleep } from './clock.ts';
import { contentOf } from './content.ts';
import { Misbehaviour } from './ledger.ts';
import { forEver, type Occasion, untilAborted } from './occasion.ts';
import { readWish, type Wish } from './wishes.ts';

/** A WebSocket's life is not a minute long. */
const NEVER_MS = 60_000;

/** Answers each message, which says how. Ends when the client has gone, or at the shutdown. */
export async function handleWebSocket(webSocket: WebSocket, occasion: Occasion): Promise<void> {
  const { draining, ledger } = occasion;
  const underWay = new Set<Promise<void>>();
  let isOver = false;
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: unknown): void => {
      if (isOver) return;
      isOver = true;
      if (error instanceof Misbehaviour) ledger.fail(error);
      if (error !== undefined) reject(error);
      else resolve();
    };
    webSocket.on('error', () => {});
    webSocket.once('close', () => settle());
    webSocket.on('message', (message: Buffer) => {
      const wish = readWish(String(message), ' ');
      if (wish === undefined || isOver) return;
      const doing = doAs(wish, webSocket, occasion)
        .catch(settle)
        .finally(() => underWay.delete(doing));
      underWay.add(doing);
    });
    const leave = async (): Promise<void> => {
      while (underWay.size > 0) await Promise.all(underWay);
      settle();
    };
    draining?.addEventListener('abort', () => void leave());
    if (draining?.aborted) void leave();
  });
}

async function doAs(wish: Wish, webSocket: WebSocket, occasion: Occasion): Promise<void> {
  const { key, action, takes } = wish;
  const { ledger, draining, isServed } = occasion;
  ledger.handle(key, action);
  if (action === 'throw') throw new Misbehaviour(key);
  if (action === 'goodbye') await untilAborted(draining, NEVER_MS);
  if (action === 'never') return await (isServed ? forEver : untilClosed(webSocket));
  if (action === 'stall') stall(takes);
  await sleep(takes);
  if (action === 'reject') throw new Misbehaviour(key);
  if (action === 'destroy') return webSocket.terminate();
  say(wish, webSocket, occasion);
  if (action !== 'twice' && action !== 'half') return;
  webSocket.close(1000);
  // An error by callback: the state is checked first.
  webSocket.send('more', () => {});
}

function say({ key, size }: Wish, webSocket: WebSocket, { ledger }: Occasion): void {
  webSocket.send(Buffer.concat([Buffer.from(`${key}\n`), contentOf(key, size)]), () => {});
  ledger.answered(key);
}

async function untilClosed(webSocket: WebSocket): Promise<void> {
  if (webSocket.readyState === webSocket.CLOSED) return;
  await new Promise((resolve) => webSocket.once('close', resolve));
}
