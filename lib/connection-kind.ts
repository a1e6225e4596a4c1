/** The part of an emitter that a connection's end is known by. */
export interface Life {
  on(event: string, listener: (error?: unknown) => void): unknown;
  off(event: string, listener: (error?: unknown) => void): unknown;
}

/**
 * What the loop has to know of the connections that one kind of server brings. The kinds stand
 * side by side in one table, whatever they yield: hence the `any`.
 */
// oxlint-disable-next-line typescript/no-explicit-any
export interface ConnectionKind<Connection = any> {
  /** The server's event that brings one. */
  readonly event: string;
  /** Makes the loop's value of the event's arguments, and puts the guard on it. */
  accept(this: void, ...args: unknown[]): Connection;
  /** The emitter whose `'close'` says that the connection is gone, if there is one. */
  life(connection: Connection): Life | undefined;
  /** Whether it is gone already. */
  isGone(connection: Connection): boolean;
  /** Hands it to a consumer. */
  release(connection: Connection): void;
  /**
   * Whether what it tells is lost on who takes it later than at once: a session's streams, what any
   * emitter's argument emits.
   */
  readonly mustBeTakenAtOnce?: boolean;
  /** Tells the client at once that nobody will serve it. */
  refuse(connection: Connection): void;
  /** What a subscriber of a diagnostics channel is shown, if not the loop's value. */
  subject?(this: void, connection: Connection): unknown;
}

/**
 * The guard: an `'error'` listener that stays on a connection for its whole life, so that a client
 * that resets while it waits is not an uncaught exception. A consumer's own listener still sees
 * the error.
 */
export function guard(): void {}
