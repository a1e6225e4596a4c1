import type { Addressed, RequestLine } from '../shutdown/stragglers.ts';
import type { Straggler } from '../reports.ts';

/** A socket, or an object that stands for one. */
export interface AnySocket extends Addressed {
  readonly destroyed?: boolean;
  readonly closed?: boolean;
  on(event: 'close', listener: () => void): unknown;
  destroy?(): unknown;
}

/** The part of an emitter that tells when a connection ends. */
export interface Life {
  on(event: string, listener: (error?: unknown) => void): unknown;
  off(event: string, listener: (error?: unknown) => void): unknown;
}

/** What can be closed politely, and in the end by force. */
export interface Closable {
  /**
   * Ends our side, and discards what the peer still sends. Calls back when all written bytes have
   * left, or at once if that cannot be seen. Missing if this package must not end the connection.
   */
  end?(onFlushed: () => void): void;
  /** For a connection whose side we have ended: discards what comes, unless other code reads it. */
  hearOut?(): void;
  /** Ends the connection now, by force. */
  destroy(): void;
  isClosed(): boolean;
  /** Whether both sides have ended. Then it closes by itself, unless its owner has forbidden that. */
  isOver?(): boolean;
  /**
   * Whether our side has ended, though bytes may still have to leave. Asked when nothing else tells
   * when these have to leave: for connections without `end`, and in callback style.
   */
  hasEnded?(): boolean;
  /** Calls back once the connection has closed, perhaps at once. */
  onClose(callback: () => void): void;
}

/**
 * What has to be known of the connections that one kind of server brings:
 *
 * - how a connection is accepted and refused;
 * - for `serve`, how it is closed, how it fails, and how to see that it has left.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- All kinds are in one table.
export interface Protocol<Connection = any> {
  /** The server's event that brings a connection. */
  readonly event: string;
  /**
   * Makes the loop's value from the event's arguments, or uses their array as that value. Puts the
   * guard on the connection, unless Node listens for its errors.
   */
  accept(this: void, args: unknown[]): Connection;
  /** The emitter whose `'close'` tells that the connection is gone, if there is one. */
  life(connection: Connection): Life | undefined;
  /**
   * Calls back once the connection has closed, perhaps at once. Missing if only its `Closable` can
   * tell. A task then has one object more to keep, as long as the connection is open.
   */
  onClose?(connection: Connection, callback: () => void): void;
  /** Whether the connection is gone already. */
  isGone(connection: Connection): boolean;
  /** Lets the connection's input flow, from the next tick on. Missing if nothing holds it. */
  resume?(this: void, connection: Connection): void;
  /**
   * Does so in the next turn of the event loop, unless the consumer has paused the connection by
   * then.
   */
  resumeLater?(this: void, connection: Connection): void;
  /**
   * Whether a consumer that takes the connection later than at once may miss events. Examples are
   * the streams of a session, and what an argument of any emitter emits.
   */
  readonly mustBeTakenAtOnce?: boolean;
  /**
   * Whether another connection carries this one, as a socket carries an HTTP request. The carrier
   * may be open already, and is ended with the server.
   */
  readonly isCarried?: boolean;
  /** Whether it is a socket: a stream of bytes in an unknown protocol. */
  readonly isSocket?: boolean;
  /** Tells the client at once that it will not be served. */
  refuse(connection: Connection): void;
  /** Refuses a connection that comes after the last call. Missing if `refuse` does that. */
  refuseLate?(connection: Connection): void;
  /** The kind of straggler that the connection is, if it had to be ended by force. */
  readonly straggler: Straggler['kind'];
  /** Whether a task lasts until its connection has closed, though its handler has resolved. */
  readonly lastsUntilClosed: boolean;
  /** The object that has the client's address. */
  socketOf(connection: Connection): Addressed | null | undefined;
  /** The socket or session that carries the connection, if that is another object. */
  carrierOf?(connection: Connection): object | null | undefined;
  /** The request line of the request that the connection is, or that has opened it. */
  requestLineOf?(connection: Connection): RequestLine;
  /** Makes the connection ready for a handler. */
  prepare(connection: Connection): void;
  closable(connection: Connection): Closable;
  /** In callback style: calls back when our side has ended. */
  onFinish?(this: void, connection: Connection, callback: () => void): void;
  /** From now on notes what `departure` needs to know. Missing if it needs nothing. */
  noteDeparture?(connection: Connection): void;
  /** Stops noting that, if it was begun. */
  stopNoting?(connection: Connection): void;
  /**
   * Why a connection has closed: its error, or an error that says so. `undefined` if its handler
   * has ended it.
   */
  departure(connection: Connection): unknown;
  /**
   * Whether nothing shows which side has ended the connection. Its handler then has one turn to
   * finish.
   */
  hidesDeparture?(connection: Connection): boolean;
  /** The connection's own errors, so far. */
  errors(connection: Connection): readonly unknown[];
  /** In callback style: whether the connection has failed. */
  hasFailed(connection: Connection): boolean;
  /**
   * Ends the connection so that its client sees that the handler has failed.
   *
   * @returns What has still to be closed politely, if anything.
   */
  fail(connection: Connection): Closable | undefined;
}

/**
 * The guard: a listener for `'error'` that stays on a connection for its whole life. Without it, a
 * client's reset while the connection waits would be an uncaught exception. A consumer's own
 * listener still gets the error.
 */
export function guard(): void {}
