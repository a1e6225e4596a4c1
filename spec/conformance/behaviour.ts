import type { Limit } from '../support/limits.ts';
import type { Feature } from './implementation.ts';
import type { Scene } from './scene.ts';

/** What a server that stops well does: a fact about an implementation that holds, or does not. */
export interface Behaviour {
  /** Its number in the list of the behaviours. */
  readonly number: number;
  /** Completes "It …". */
  readonly title: string;
  /** What an implementation has to have for it to apply. */
  readonly needs: readonly Feature[];
  /** Rejects with an assertion whose message says what happens instead. */
  readonly holds: (scene: Scene) => Promise<void>;
}

/** What is beyond the adapter: a title of its own, or none of the implementations has what it needs. */
export interface Outside {
  readonly number: number;
  readonly title: string;
  readonly needs: readonly Feature[];
  /** The spec that shows it, and how the title of its test begins. */
  readonly shownBy?: { readonly spec: string; readonly title: string };
  /** What keeps it from being shown there. */
  readonly cannot?: Limit;
}
