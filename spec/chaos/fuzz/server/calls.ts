import { type EventEmitter, setMaxListeners } from 'node:events';
import type { Plan } from '../plan.ts';
import { endAll, guardAll, handle } from './handle.ts';
import type { Occasion } from './occasion.ts';

/** The calls of a round's handlers: what each does is drawn in order. */
export class Calls {
  count = 0;
  /** Stops the round's server. */
  stop: Occasion['stop'] = () => {};
  /** Aborts when the round is over. */
  readonly over: AbortController = new AbortController();
  readonly #plan: Plan;

  constructor(plan: Plan) {
    this.#plan = plan;
    // One for each call that waits.
    setMaxListeners(0, this.over.signal);
  }

  /** Handles an event's arguments. What a handler throws, it throws. */
  begin(args: readonly unknown[], isOwned: boolean, draining?: AbortSignal): Promise<void> {
    const { acts } = this.#plan;
    const act = acts[this.count % acts.length] ?? 'answer';
    this.count += 1;
    const { stop } = this;
    return handle(args, { act, isOwned, draining, stop, over: this.over.signal });
  }

  /** As an owner does who knows that handlers fail. */
  own(args: readonly unknown[], isOwned = true): void {
    if (isOwned) guardAll(args);
    try {
      this.begin(args, isOwned).catch(() => endAll(args));
    } catch {
      endAll(args);
    }
  }

  /** Has an owner handle an event. */
  listen(emitter: EventEmitter, event: string): void {
    emitter.on(event, (...args: unknown[]) => this.own(args));
  }
}

/** What a loop or `serve` gives, as the arguments of an event. */
export const argumentsOf = (connection: unknown): readonly unknown[] =>
  Array.isArray(connection) ? connection : [connection];
