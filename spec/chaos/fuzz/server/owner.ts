import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { OwnerPlan, Plan } from '../plan.ts';
import type { Calls } from './calls.ts';
import { nothing } from './occasion.ts';
import type { Scene } from './scene.ts';

/** A listener that is there before us, and ends some of what comes: a blocklist, a firewall. */
export function standGuard({ subject, listener }: Scene, { owner }: Plan, calls: Calls): void {
  if (owner === undefined) return;
  let count = 0;
  (listener ?? subject).on(owner.event, (...args: unknown[]) => {
    count += 1;
    if (count % owner.every !== 0) return;
    if (owner.deed === 'stop' || owner.deed === 'close the server') calls.stop(owner.deed);
    else doTo(args, owner.deed);
  });
}

type Endable = EventEmitter &
  Pick<Socket, 'destroy' | 'end'> &
  Partial<Socket> & { readonly socket?: EventEmitter | null };

function doTo(args: readonly unknown[], deed: OwnerPlan['deed']): void {
  const subject = (isEndable(args[1]) ? args[1] : args[0]) as Endable;
  // What it ends is its owner's own.
  guard(subject);
  // Node takes its own listener off a socket whose client has pipelined a CONNECT or an upgrade behind
  // this request, and dies of the owner's error: without us, too.
  if ('assignSocket' in subject && subject.socket) guard(subject.socket);
  if (deed === 'destroy') subject.destroy();
  else if (deed === 'destroy with an error') subject.destroy(new Error('The owner ends it'));
  else if (deed === 'destroy soon') queueMicrotask(() => subject.destroy());
  else if (deed === 'end') end(subject);
  else reset(subject);
}

/** A client may pipeline a thousand requests over one socket. */
const guarded = new WeakSet<EventEmitter>();

function guard(emitter: EventEmitter): void {
  if (!guarded.has(emitter)) emitter.on('error', nothing);
  guarded.add(emitter);
}

function isEndable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'destroy' in value;
}

function end(subject: Endable): void {
  if (typeof subject.end === 'function') subject.end();
  // A session of HTTP/2.
  else (subject as Endable & { close?: () => void }).close?.();
}

function reset(subject: Endable): void {
  // Node loses the descriptor of one that is reset while its own side is ending.
  const isEnding = subject.writableEnded && !subject.writableFinished;
  try {
    if (subject.resetAndDestroy && !isEnding) subject.resetAndDestroy();
    else subject.destroy();
  } catch {
    // ERR_INVALID_HANDLE_TYPE
    subject.destroy();
  }
}
