import { hidesAbortCause } from '../primitives/runtime.ts';
import { attempt } from '../primitives/attempt.ts';
import type { Task } from './task.ts';
import { isHeard, quietController } from '../primitives/quiet-controller.ts';
import { setImmediate } from '../primitives/timers.ts';

/**
 * The signals of one task. Each is created when it is first read. As in a task, each word counts: so
 * it has no private method.
 */
export class TaskSignals<Connection> {
  /** Set when nobody needs the result of the work any more, with the reason. */
  lost: { readonly reason: unknown } | undefined;
  /**
   * Whether one of the signals had a listener when it aborted. On Deno: whether one that was read
   * has aborted.
   */
  wereHeard = false;
  readonly #task: Task<Connection>;
  #signal: AbortController | undefined;
  #draining: AbortController | undefined;

  constructor(task: Task<Connection>) {
    this.#task = task;
  }

  /** If it is created while the handler runs, it follows the connection. */
  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal.signal;
    this.#signal = quietController();
    const { connection, isRunning, scope } = this.#task;
    if (this.lost) this.abort(this.#signal, this.lost.reason);
    else if (isRunning) {
      scope.protocol.noteDeparture?.(connection);
      this.#task.watch();
    }
    return this.#signal.signal;
  }

  /** Whether the signal was read, and has not aborted. */
  get isFollowing(): boolean {
    return this.#signal !== undefined && this.lost === undefined;
  }

  get draining(): AbortSignal {
    if (this.#draining !== undefined) return this.#draining.signal;
    this.#draining = quietController();
    const { draining } = this.#task.scope;
    if (draining) this.abort(this.#draining, draining.reason);
    return this.#draining.signal;
  }

  /** Call it when the shutdown has begun, after the scope was given the reason. */
  drain(): void {
    if (this.#draining) this.abort(this.#draining, this.#task.scope.draining?.reason);
  }

  lose(reason: unknown): void {
    if (this.lost) return;
    this.lost = { reason };
    if (this.#signal) this.abort(this.#signal, reason);
  }

  /** Call it when the connection has closed. */
  depart(): void {
    if (!this.isFollowing) return;
    const { connection, awaits, scope } = this.#task;
    const { protocol } = scope;
    const silent = this.#task.wasSilent ? new Error('The connection was silent') : undefined;
    const reason = protocol.departure(connection) ?? silent;
    if (reason === undefined) return;
    if (!protocol.hidesDeparture?.(connection)) return this.lose(reason);
    setImmediate(() => {
      const hasEnded = awaits === 'promise' && !this.#task.isRunning;
      if (!hasEnded) this.lose(reason);
    });
  }

  /** Call it when the handler has ended. */
  settle(): void {
    if (this.#signal === undefined) return;
    const { connection, scope } = this.#task;
    attempt(() => scope.protocol.stopNoting?.(connection));
  }

  /** Runs the listeners in the async context of the task: the handler has added them. */
  abort(controller: AbortController, reason: unknown): void {
    this.wereHeard ||= hidesAbortCause || isHeard(controller.signal);
    this.#task.runInAsyncScope(abort, controller, reason);
  }
}

function abort(this: AbortController, reason: unknown): void {
  this.abort(reason);
}
