import { attempt } from '../primitives/attempt.ts';
import { now } from '../primitives/clock.ts';
import type { End } from '../shutdown/in-slices.ts';
import { CUT, type Task } from './task.ts';

/**
 * Looks at running tasks. Notes connections that have closed without an event.
 *
 * @param flush - Milliseconds in which the bytes of a response that has ended have to leave.
 * @returns What destroys each connection whose bytes have not left by then.
 */
export function sweepRunning(tasks: readonly Task<unknown>[], flush: number): End[] {
  const late: End[] = [];
  const time = now();
  for (const task of tasks) {
    if (task.awaits === 'promise') {
      // A socket that the handler has sent to another process is closed, but has not gone.
      if (task.isFollowed && attempt(() => hasGone(task))) task.noteClosed();
      continue;
    }
    const { closable } = task;
    if (attempt(() => closable.isClosed())) task.noteClosed();
    else if (attempt(() => closable.hasEnded?.()) && task.deadline !== CUT) {
      task.deadline ||= time + flush;
      if (time < task.deadline) continue;
      task.deadline = CUT;
      late.push(() => closable.destroy());
    }
  }
  return late;
}

/** Asks for the closable only of a connection that is gone: an idle connection has none. */
function hasGone(task: Task<unknown>): boolean {
  return task.scope.protocol.isGone(task.connection) && task.closable.isClosed();
}
