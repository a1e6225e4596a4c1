import assert from 'node:assert/strict';
import { expect } from './history.ts';

/** What a group has come to. */
export interface Settled {
  readonly value?: unknown;
  readonly error?: unknown;
  readonly hasFailed: boolean;
}

function isAbortError(error: unknown): boolean {
  return (Object(error) as Error).name === 'AbortError';
}

/** What a group has to do with the failures of its tasks, and what it is to settle with. */
export class TaskGroupModel {
  cancelled: { readonly reason: unknown } | undefined;
  /** What the body has returned. */
  result: unknown;
  /** By the go in which they came. In which order they came in one is open. */
  readonly #failures: Set<unknown>[] = [];
  #news: unknown[] = [];

  cancel(reason: unknown): void {
    this.cancelled ??= { reason };
  }

  /** A task rejects, or the body does. */
  fail(error: unknown): void {
    this.#news.push(error);
  }

  /**
   * Microtasks have run dry.
   *
   * @param signal - The group's.
   */
  settle(signal: AbortSignal): void {
    const news = this.#news;
    this.#news = [];
    const failures = new Set<unknown>();
    this.#failures.push(failures);
    if (news.length > 0 && !this.cancelled) failures.add(this.#takeFirst(news, signal.reason));
    for (const error of news) {
      const isKnown = error === this.cancelled?.reason || isAbortError(error);
      if (!isKnown && !this.#failures.some((others) => others.has(error))) failures.add(error);
    }
    expect(signal.aborted, this.cancelled !== undefined, 'cancelled');
    if (this.cancelled) expect(signal.reason, this.cancelled.reason, 'the reason');
  }

  /** Asserts that this is what it settles with. */
  check({ value, error, hasFailed }: Settled): void {
    const failures = this.#failures.filter(({ size }) => size > 0);
    const count = failures.reduce((sum, { size }) => sum + size, 0);
    expect(hasFailed, count > 0, 'failed');
    if (!hasFailed) return expect(value, this.result, 'the value');
    if (count === 1) return expect(error, [...(failures[0] ?? [])][0], 'the failure');
    assert.ok(error instanceof AggregateError);
    expect(error.errors.length, count, 'how many failures');
    const left = [...error.errors];
    for (const ofOneGo of failures) {
      assert.deepEqual(new Set(left.splice(0, ofOneGo.size)), ofOneGo);
    }
  }

  /** The failure that has cancelled the group. With `undefined` the reason is made. */
  #takeFirst(news: unknown[], reason: unknown): unknown {
    const isMade = !news.includes(reason);
    const first = isMade ? undefined : reason;
    expect(news.includes(first), true, 'cancelled by a failure');
    if (isMade) expect(isAbortError(reason), true, 'a reason that is made');
    this.cancelled = { reason };
    return first;
  }
}
