/* c8 ignore start -- types alone: nothing of this file is left to run */
import type { Politeness } from '../protocols/under-way.ts';

/** What takes the queued connections: a loop, or a serving. */
export interface Taker<Item> {
  /** Makes the queue's item for a connection. Called in the emit that brings the connection. */
  readonly arrive: (connection: unknown) => Item;
  /** How many connections it could take at this instant. */
  readonly consumers: () => number;
  /** Called when the queue may have an item to take. */
  readonly onArrival: () => void;
  /**
   * Takes a connection without the queue. Called when it has a free consumer, nothing is queued,
   * and nothing is held back. Without it, every connection is queued.
   */
  readonly onPass?: (item: Item) => void;
  /** Called once when the listener is closed in a shutdown. */
  readonly onListenerClosed?: () => void;
  /** Called once when a shutdown begins. Not called if the acceptor is left. */
  readonly onEnding?: (reason: unknown) => void;
  /** Called once when no more connections come. Queued items are still to be taken. */
  readonly onOver: () => void;
  /**
   * How connections under way are served to their end. Without it, an HTTP connection ends with its
   * present request.
   */
  readonly politeness?: Politeness;
}
