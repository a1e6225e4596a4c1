import assert from 'node:assert/strict';
import { type TaskGroup, taskGroup } from 'accept-loop';
import { abortListeners } from '../../support/listeners.ts';
import { expect, History } from './history.ts';
import { type Settled, TaskGroupModel } from './task-group-model.ts';

/** A promise passes through at most so many of Node's ticks before the group is told. */
const TICKS = 2;

export type How = 'resolves' | 'fails' | 'reason' | 'AbortError' | 'undefined';

const abortError = new DOMException('told to end', 'AbortError');

/** Who may end: the body, or a task. */
class Running {
  isOver = false;
  /** Whether it ends with another one. */
  isFollower = false;
  readonly promise: Promise<unknown>;
  #settle = (_settled: Settled): void => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#settle = ({ hasFailed, error, value }) => (hasFailed ? reject(error) : resolve(value));
    });
  }

  settle(settled: Settled): void {
    this.isOver = true;
    this.#settle(settled);
  }
}

/** One `taskGroup` with its body, its tasks and its caller's signal. */
export class TaskGroupHistory extends History {
  readonly #stop = new AbortController();
  readonly #model = new TaskGroupModel();
  readonly #settled: Settled[] = [];
  readonly #body = new Running();
  readonly #tasks: Running[] = [];
  readonly #promises: Promise<unknown>[] = [];
  #group: TaskGroup | undefined;
  #aborts = 0;
  /** Whether what it has settled with is known to be right. */
  #hasEnded = false;

  constructor({ isAborted }: { isAborted: boolean }) {
    super(TICKS);
    if (isAborted) this.abort();
    const body = (group: TaskGroup): Promise<unknown> => {
      this.#group = group;
      group.signal.addEventListener('abort', () => (this.#aborts += 1));
      return this.#body.promise;
    };
    taskGroup(body, { signal: this.#stop.signal }).then(
      (value) => this.#settled.push({ value, hasFailed: false }),
      (error: unknown) => this.#settled.push({ error, hasFailed: true }),
    );
  }

  /** A task begins, and perhaps another one when it has ended. */
  run(isFollowed: boolean): boolean {
    if (this.#isOver) return false;
    const { group, running } = this.#begin();
    const promise = group.run((signal) => {
      expect(signal, group.signal, 'the signal of a task');
      return running.promise;
    });
    if (isFollowed) void promise.then(() => this.run(false), nothing);
    this.#promises[this.#tasks.indexOf(running)] = promise;
    return true;
  }

  /** A task that throws, at once. */
  throwOne(): boolean {
    if (this.#isOver) return false;
    const { group, running } = this.#begin();
    const error = new Error('thrown');
    void group.run(() => {
      throw error;
    });
    running.isOver = true;
    this.#model.fail(error);
    return true;
  }

  /** A task that awaits another one, and passes on how it ends. */
  await(choice: number): boolean {
    const index = choice % Math.max(1, this.#tasks.length);
    const other = this.#tasks[index];
    const promise = this.#promises[index];
    if (!other || !promise || this.#isOver) return false;
    const { group, running } = this.#begin();
    this.#promises[this.#tasks.indexOf(running)] = group.run(() => promise);
    running.isFollower = true;
    const follow = (): void => void (running.isOver = true);
    promise.then(follow, follow);
    return true;
  }

  runTooLate(): boolean {
    if (this.#isOver) assert.throws(() => this.#group?.run(nothing), /the group has ended/);
    return false;
  }

  settleTask(choice: number, how: How): boolean {
    const running = this.#tasks.filter(({ isOver, isFollower }) => !isOver && !isFollower);
    return this.#settle(running[choice % Math.max(1, running.length)], how);
  }

  settleBody(how: How): boolean {
    return this.#settle(this.#body, how);
  }

  cancel(): void {
    const reason = new Error('cancelled');
    this.#group?.cancel(reason);
    this.#model.cancel(reason);
  }

  abort(): boolean {
    if (this.#stop.signal.aborted) return false;
    const reason = new Error('stopped');
    this.#stop.abort(reason);
    if (!this.#isOver) this.#model.cancel(reason);
    return true;
  }

  check(): void {
    expect(abortListeners(this.#stop.signal) <= 1, true, 'listeners on the signal');
    expect(this.#settled.length <= 1, true, 'settled once');
  }

  checkDry(): void {
    const group = this.#group as TaskGroup;
    const size = this.#tasks.filter(({ isOver }) => !isOver).length;
    if (!this.#hasEnded) this.#model.settle(group.signal);
    expect(group.size, size, 'the size');
    expect(this.#aborts <= 1, true, 'cancelled once');
    expect(this.#isOver, this.#body.isOver && size === 0, 'over when all have ended');
    const [settled] = this.#settled;
    if (settled && !this.#hasEnded) this.#model.check(settled);
    this.#hasEnded = this.#isOver;
    const isWatched = !this.#isOver && !this.#stop.signal.aborted;
    expect(abortListeners(this.#stop.signal), isWatched ? 1 : 0, 'listeners on the signal');
  }

  protected async end(): Promise<void> {
    await this.happen(() => this.settleBody('resolves'));
    while (!this.#isOver) await this.happen(() => this.settleTask(0, 'resolves'));
    this.runTooLate();
  }

  get #isOver(): boolean {
    return this.#settled.length > 0;
  }

  #begin(): { group: TaskGroup; running: Running } {
    const running = new Running();
    this.#tasks.push(running);
    return { group: this.#group as TaskGroup, running };
  }

  #settle(running: Running | undefined, how: How): boolean {
    if (!running || running.isOver) return false;
    const hasFailed = how !== 'resolves';
    const { reason } = this.#group?.signal ?? {};
    const errors = { fails: new Error('failed'), reason, AbortError: abortError };
    const error = how in errors ? errors[how as keyof typeof errors] : undefined;
    const value = running;
    if (hasFailed) this.#model.fail(error);
    else if (running === this.#body) this.#model.result = value;
    running.settle({ hasFailed, error, value });
    return true;
  }
}

const nothing = (): void => {};
