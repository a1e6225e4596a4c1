import { attempt } from '../primitives/attempt.ts';
import { now } from '../primitives/clock.ts';
import type { End } from '../shutdown/in-slices.ts';
import { CUT, type Task } from './task.ts';

/**
 * Looks at a running task. Notes it if its connection has closed without an event.
 *
 * @param flush - Milliseconds in which the bytes of a response that has ended have to leave.
 * @param late - Gets what destroys the connection, if its bytes have not left by then.
 */
export function lookAt(task: Task<unknown>, flush: number, late: End[]): void {
  if (task.awaits === 'promise') {
    // A socket that the handler has sent to another process is closed, but has not gone.
    if (task.isFollowed && attempt(() => hasGone(task))) task.noteClosed();
    return;
  }
  const { closable } = task;
  if (attempt(() => closable.isClosed())) task.noteClosed();
  else if (attempt(() => closable.hasEnded?.()) && task.deadline !== CUT) {
    const time = now();
    // Its bytes may not have had a turn to leave when it is first seen.
    const isNew = task.deadline === 0;
    if (isNew) task.deadline = time + flush;
    if (isNew || time < task.deadline) return;
    task.deadline = CUT;
    late.push(() => closable.destroy());
  }
}

/** Asks for the closable only of a connection that is gone: an idle connection has none. */
function hasGone(task: Task<unknown>): boolean {
  return task.scope.protocol.isGone(task.connection) && task.closable.isClosed();
}
