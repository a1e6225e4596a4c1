import { sleep } from '../../storm/clock.ts';
import type { Plan } from '../plan.ts';
import type { Running } from './running.ts';
import type { Scene } from './scene.ts';

/** Between a stop and the second one, in milliseconds. */
const BETWEEN_MS = 30;
/** Within which somebody's `close()` is noticed. */
const NOTICE_MS = 250;
/** The bound of the last call. */
const LAST_CALL_MS = 500;

/** Stops it, the way that was drawn. Settles when the second call has, if there is one. */
export async function stop(scene: Scene, plan: Plan, running: Running): Promise<void> {
  const { way, harder } = plan.stop;
  if (way === 'stop') void running.stopIn?.(undefined);
  else if (way === 'dispose') running.dispose?.();
  else if (way === 'close') close(scene, plan);
  else if (way === 'return' || way === 'break') running.leave?.(way);
  else if (way === 'late') running.drainLate?.();
  else running.stop.abort();
  if (way !== 'stop harder' && way !== 'abort twice') return;
  await sleep(BETWEEN_MS);
  running.stop.abort();
  await running.stopIn?.(way === 'stop harder' ? harder : undefined);
}

function close({ kind, subject, listener, raze }: Scene, { way }: Plan): void {
  // An attached WebSocket server is drained with the HTTP server that it is attached to.
  if (kind === 'ws' && way === 'drain') return void listener?.close();
  subject.close();
  // One without a server of its own tells of it when its last client has gone, and not before.
  if (kind === 'ws-none') raze();
}

/** What a handler does that has heard of it first. */
export function stopInside(
  how: 'stop' | 'close the server',
  scene: Scene,
  plan: Plan,
  running: Running,
): void {
  if (how === 'close the server') close(scene, plan);
  else running.stop.abort();
  running.drainLate?.();
}

/** How long after the stop it may go on: milliseconds without the allowance for being late. */
export function timeFor(
  { way, grace, stop: { way: stopWay, harder } }: Plan,
  isInside: boolean,
): number {
  const notice = isInside || stopWay === 'close' ? NOTICE_MS : 0;
  if (way === 'loop') return LAST_CALL_MS + notice;
  if (isInside) return notice + grace;
  return notice + (stopWay === 'stop harder' ? Math.min(grace, BETWEEN_MS + harder) : grace);
}
