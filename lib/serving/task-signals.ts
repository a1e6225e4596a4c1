import { hidesAbortCause } from '../primitives/runtime.ts';
import { attempt } from '../primitives/attempt.ts';
import type { Task, TaskScope } from './task.ts';
import type { Cancel } from '../protocols/protocol.ts';
import { isHeard, quietController } from '../primitives/quiet-controller.ts';

/** The signals of one task, each made when it is first read. */
export class TaskSignals<Connection> {
  /** Why its work has lost its point. */
  lost: { readonly reason: unknown } | undefined;
  /** Whether somebody listened to one when it aborted; on Deno, whether one that was read has. */
  wereHeard = false;
  readonly #task: Task<Connection>;
  readonly #scope: TaskScope<Connection>;
  #signal: AbortController | undefined;
  #draining: AbortController | undefined;
  #stopWatching: Cancel | undefined;

  constructor(task: Task<Connection>, scope: TaskScope<Connection>) {
    this.#task = task;
    this.#scope = scope;
  }

  /** @param isRunning - Whether the handler has not ended: then the signal follows the connection. */
  signal(isRunning: boolean): AbortSignal {
    if (this.#signal !== undefined) return this.#signal.signal;
    this.#signal = quietController();
    if (this.lost) this.#abort(this.#signal, this.lost.reason);
    else if (isRunning) {
      const { protocol } = this.#scope;
      this.#stopWatching = protocol.onDeparture(this.#task.connection, (reason) =>
        this.lose(reason),
      );
    }
    return this.#signal.signal;
  }

  get draining(): AbortSignal {
    if (this.#draining !== undefined) return this.#draining.signal;
    this.#draining = quietController();
    const { draining } = this.#scope;
    if (draining) this.#abort(this.#draining, draining.reason);
    return this.#draining.signal;
  }

  /** The shutdown has begun: the scope says why. */
  drain(): void {
    if (this.#draining) this.#abort(this.#draining, this.#scope.draining?.reason);
  }

  lose(reason: unknown): void {
    if (this.lost) return;
    this.lost = { reason };
    if (this.#signal) this.#abort(this.#signal, reason);
  }

  /** Its listeners are of the handler's making. */
  #abort(controller: AbortController, reason: unknown): void {
    this.wereHeard ||= hidesAbortCause || isHeard(controller.signal);
    this.#task.runInAsyncScope(abort, controller, reason);
  }

  /** The handler has ended. */
  stopWatching(): void {
    if (this.#stopWatching) attempt(this.#stopWatching);
  }
}

function abort(this: AbortController, reason: unknown): void {
  this.abort(reason);
}
