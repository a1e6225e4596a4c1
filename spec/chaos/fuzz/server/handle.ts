import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { stall } from '../../../support/turns.ts';
import { type Exchange, handleExchange } from './handle-exchange.ts';
import { handleSocket, handleTunnel } from './handle-socket.ts';
import { handleStream } from './handle-stream.ts';
import { handleWebSocket } from './handle-web-socket.ts';
import { Misbehaviour, nothing, type Occasion, oddError } from './occasion.ts';

const STALL_MS = 20;

/** Handles an event's arguments, whatever they are. Its first part is synchronous, and may throw. */
export function handle(args: readonly unknown[], occasion: Occasion): Promise<void> {
  if (occasion.act === 'throw') throw new Misbehaviour('throws');
  if (occasion.act === 'throw oddly') throw oddError();
  if (occasion.act === 'stall') stall(STALL_MS);
  if (occasion.act === 'stop' || occasion.act === 'close the server') occasion.stop(occasion.act);
  const [first, second] = args;
  if (has(first, 'terminate')) return handleWebSocket(first as WebSocket, occasion);
  if (has(first, 'goaway')) return handleSession(first as ServerHttp2Session, occasion);
  if (has(first, 'pushStream')) return handleStream(first as ServerHttp2Stream, occasion);
  if (has(second, 'writeHead')) return handleExchange(args as unknown as Exchange, occasion);
  if (has(second, 'write')) {
    return handleTunnel(first as IncomingMessage, second as Duplex, occasion);
  }
  return handleSocket(first as Socket, occasion);
}

/** A session's streams are its handler's, one by one. */
async function handleSession(session: ServerHttp2Session, occasion: Occasion): Promise<void> {
  if (occasion.isOwned) session.on('error', nothing);
  if (occasion.act === 'destroy') return session.destroy();
  session.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', nothing);
    handleStream(stream, { ...occasion, isOwned: true }).catch(() => stream.destroy());
  });
  if (occasion.act === 'early end') return;
  if (occasion.act === 'reject') throw new Misbehaviour('rejects');
  if (!session.destroyed) await new Promise<void>((resolve) => session.once('close', resolve));
}

function has(value: unknown, method: string): boolean {
  return typeof value === 'object' && value !== null && method in value;
}

/** What an owner does first: errors are his. */
export function guardAll(args: readonly unknown[]): void {
  for (const argument of args) {
    // Once for each: a client may pipeline a hundred requests on one socket.
    if (has(argument, 'on')) (argument as Socket).off('error', nothing).on('error', nothing);
  }
}

/** What an owner does whose own handler has failed: ends all that can be ended. */
export function endAll(args: readonly unknown[]): void {
  for (const argument of args) {
    if (has(argument, 'terminate')) (argument as WebSocket).terminate();
    else if (has(argument, 'destroy')) (argument as { destroy: () => void }).destroy();
  }
}
