import { attempt } from '../primitives/attempt.ts';
import { attemptOf } from '../primitives/hear.ts';
import type { OpenState, Straggler } from '../reports.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import { type OnStraggler, stragglerOf } from '../shutdown/stragglers.ts';
import type { Task } from './task.ts';

/** Adds a task to `list`, with the socket or session that carries its connection. */
export function listTask(task: Task<unknown>, list: OpenList, state: OpenState): void {
  list.add(carrierOf(task), state, task.since, () => describe(task));
}

/**
 * Adds running tasks to `list`. If a connection has closed, it is listed only while the promise of
 * its handler is pending.
 */
export function listRunning(tasks: readonly Task<unknown>[], list: OpenList): void {
  const ended: Task<unknown>[] = [];
  for (const task of tasks) {
    const { awaits, connection } = task;
    const ask = (name: 'isClosed' | 'hasEnded'): boolean =>
      awaits !== 'promise' &&
      attemptOf(connection as object, name, () => task.closable[name]?.()) === true;
    if (ask('isClosed')) continue;
    if (ask('hasEnded')) ended.push(task);
    else listTask(task, list, 'running');
  }
  // Last: if one socket carries several tasks, the state of a running task says more.
  for (const task of ended) listTask(task, list, 'flushing');
}

/** Adds tasks that wait for a slot to `list`. A connection may have ended without an event. */
export function listWaiting(tasks: readonly Task<unknown>[], list: OpenList): void {
  for (const task of tasks) {
    const { connection, scope } = task;
    const isGone = (): boolean => scope.protocol.isGone(connection);
    if (!attemptOf(connection as object, 'isGone', isGone)) listTask(task, list, 'waiting');
  }
}

/**
 * Notes the socket or session that carries the connection of a task: a stream of HTTP/2 that has
 * closed does not lead to its session any more.
 *
 * @returns What reports the task as a straggler.
 */
export function stragglingTask(task: Task<unknown>, onStraggler: OnStraggler): () => void {
  const carrier = carrierOf(task);
  return () => attempt(() => onStraggler(describe(task), carrier));
}

function carrierOf({ connection, scope }: Task<unknown>): object {
  const carrier = (): object | null | undefined => scope.protocol.carrierOf?.(connection);
  return attemptOf(connection as object, 'carrier', carrier) ?? (connection as object);
}

function describe({ connection, scope, since }: Task<unknown>): Straggler {
  const { protocol } = scope;
  const socket = attemptOf(connection as object, 'socket', () => protocol.socketOf(connection));
  const line = protocol.requestLineOf?.(connection);
  return stragglerOf(protocol.straggler, socket, since, line);
}
