/* c8 ignore start -- types alone: nothing of this file is left to run */
import type { Politeness } from './under-way.ts';

/** Who keeps a loop for more than its connections: `serve`. */
export interface LoopHost extends Politeness {
  /** A shutdown begins. Called once, unless the loop is left. */
  onEnding(reason: unknown): void;
  /** The loop hears the server's errors no more. Called once. */
  onOver(): void;
}

export interface LoopOptions {
  readonly signal: AbortSignal | undefined;
  readonly maxQueued: number;
  readonly host?: LoopHost;
}
