import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { connect } from '../support/sockets.ts';
import type {
  Group,
  Handler,
  Implementation,
  Looping,
  Running,
  Serving,
  StartOptions,
} from './implementation.ts';

/** Told where something does not happen in time. */
export const late: unique symbol = Symbol('late');

/** One implementation, as a behaviour sees it. */
export class Scene {
  readonly #implementation: Implementation;
  readonly #patience: number;
  readonly #started: Running[] = [];

  /** @param patience - Milliseconds after which what has not happened will not. */
  constructor(implementation: Implementation, patience: number) {
    this.#implementation = implementation;
    this.#patience = patience;
  }

  async serve(handler: Handler, options?: StartOptions): Promise<Serving> {
    const serving = await this.#implementation.serve(handler, options);
    this.#started.push(serving);
    return serving;
  }

  async loop(options?: StartOptions): Promise<Looping> {
    const { loop } = this.#implementation;
    assert.ok(loop);
    const looping = await loop(options);
    this.#started.push(looping);
    return looping;
  }

  get group(): Group {
    const { group } = this.#implementation;
    assert.ok(group);
    return group;
  }

  get shutdownSignal(): () => AbortSignal & Disposable {
    const { shutdownSignal } = this.#implementation;
    assert.ok(shutdownSignal);
    return shutdownSignal;
  }

  /** What a promise has come to, or `late` when patience is over. */
  async soon<Value>(promise: Promise<Value>): Promise<Value | typeof late> {
    const over = new AbortController();
    const { signal } = over;
    const timeout: Promise<typeof late> = setTimeout<typeof late>(this.#patience, late, {
      signal,
    }).catch(() => late);
    try {
      return await Promise.race([promise, timeout]);
    } finally {
      over.abort();
    }
  }

  /** Asserts that something happens. */
  async happens<Value>(promise: Promise<Value>, otherwise: string): Promise<Value> {
    const value = await this.soon(promise);
    if (value === late) assert.fail(otherwise);
    return value;
  }

  /** Asserts that a serving is over, in order. */
  async ended({ over }: Serving): Promise<void> {
    const { error } = await this.happens(over, 'does not end');
    if (error !== undefined) assert.fail(`ends with ${nameOf(error)}`);
  }

  /** Asserts that nobody can connect, now or soon. A knock before would delay a last call. */
  async refuses({ listening, port }: Running): Promise<void> {
    const giveUp = performance.now() + this.#patience;
    while (listening() && performance.now() < giveUp) await setTimeout(2);
    const { socket, ending } = await connect(port);
    socket.destroy();
    assert.equal((await ending).by, 'ECONNREFUSED', 'goes on listening');
  }

  async clear(): Promise<void> {
    for (const running of this.#started.toReversed()) await running.clear();
  }
}

/** Asserts that a call does not throw. */
export function calls(call: () => void, when: string): void {
  try {
    call();
  } catch (error) {
    assert.fail(`throws ${nameOf(error)} ${when}`);
  }
}

export function nameOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return name === 'AbortError' ? name : (code ?? name);
}
