/* c8 ignore start -- types alone: nothing of this file is left to run */
import type { Addressed } from './straggler.ts';

/** Takes back what was asked for. */
export type Cancel = () => void;

/** What can be closed politely, and at last by force. */
export interface Closable {
  /**
   * Says the last word to the peer and lets nothing more come from it. Calls back when what was
   * written has left, if that is to be seen. Not there where it is not ours to end.
   */
  end?(onFlushed: () => void): void;
  /** Our side has ended already: lets what comes pass by, unless somebody reads it. */
  hearOut?(): void;
  /** Ends it now. */
  destroy(): void;
  isClosed(): boolean;
  /** Calls back once it has closed, perhaps at once. */
  onClose(callback: () => void): Cancel;
}

/**
 * What `serve` has to know of the connections of one kind of server. As with `ConnectionKind` the
 * kinds stand side by side, whatever their connections are: hence the `any`.
 */
// oxlint-disable-next-line typescript/no-explicit-any
export interface TaskKind<Connection = any> {
  /** What one is that had to be ended by force. */
  readonly straggler: 'connection' | 'request';
  /** Whether a task lasts until its connection has closed, though its handler has resolved. */
  readonly lastsUntilClosed: boolean;
  /** What tells the address of the client. */
  socketOf(connection: Connection): Addressed | null | undefined;
  /** The socket or session that carries it, where that is another object. */
  carrierOf?(connection: Connection): object | null | undefined;
  /** Makes it ready for a handler. */
  prepare(connection: Connection): void;
  closable(connection: Connection): Closable;
  /** Calls back when our side has said its last word, in callback style. */
  onFinish?(connection: Connection, callback: () => void): void;
  /** Calls back when it closes and the handler has not ended it itself, perhaps at once. */
  onDeparture(connection: Connection, callback: (reason: unknown) => void): Cancel;
  /** The connection's own errors, so far. */
  errors(connection: Connection): readonly unknown[];
  /** Whether it has closed otherwise than it should, in callback style. */
  hasFailed(connection: Connection): boolean;
  /**
   * The handler has failed: ends it so that the client sees that.
   *
   * @returns What has still to be closed politely, if anything.
   */
  fail(connection: Connection): Closable | undefined;
}
