/* c8 ignore start -- types alone: nothing of this file is left to run */
import type { Holder } from '../accepting/queue.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { Quiet } from '../protocols/quiet.ts';
import type { Task } from './task.ts';

/** The values that all tasks of one `serve` share. */
export interface TaskScope<Connection> {
  readonly protocol: Protocol<Connection>;
  /** Set when the shutdown begins. */
  draining: { readonly reason: unknown } | undefined;
  /** Told how the handlers end. Set by the runner of the tasks. */
  owner?: TaskOwner<Connection>;
  /**
   * Ends silent connections. `undefined` without the option `quiet`, which only servers of sockets
   * have.
   */
  readonly quiet?: Quiet | undefined;
}

/** The runner of tasks. It is told how the promise of each handler has settled. */
export interface TaskOwner<Connection> extends Holder<Task<Connection>> {
  onResolved(task: Task<Connection>): void;
  onRejected(task: Task<Connection>, error: unknown): void;
  /** Callback style: our side of the connection has ended. */
  onFinished(task: Task<Connection>): void;
}
