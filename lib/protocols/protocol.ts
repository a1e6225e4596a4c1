import type { Addressed, RequestLine } from '../shutdown/stragglers.ts';
import type { Straggler } from '../reports.ts';

/** A socket, or what has one under it. */
export interface AnySocket extends Addressed {
  readonly destroyed?: boolean;
  readonly closed?: boolean;
  on(event: 'close', listener: () => void): unknown;
  destroy?(): unknown;
}

/** The part of an emitter that a connection's end is known by. */
export interface Life {
  on(event: string, listener: (error?: unknown) => void): unknown;
  off(event: string, listener: (error?: unknown) => void): unknown;
}

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
  /** Whether its last word was said, though not all has left: where nobody is to end it. */
  hasEnded?(): boolean;
  /** Calls back once it has closed, perhaps at once. */
  onClose(callback: () => void): void;
}

/**
 * What has to be known of the connections that one kind of server brings: how one is taken in and
 * refused, and, for `serve`, how it is closed, how it fails, and how it is seen to have left. They
 * stand side by side in one table, whatever they yield: hence the `any`.
 */
// oxlint-disable-next-line typescript/no-explicit-any
export interface Protocol<Connection = any> {
  /** The server's event that brings one. */
  readonly event: string;
  /** Makes the loop's value of the event's arguments, or of their array, and puts the guard on it. */
  accept(this: void, args: unknown[]): Connection;
  /** The emitter whose `'close'` says that the connection is gone, if there is one. */
  life(connection: Connection): Life | undefined;
  /** Whether it is gone already. */
  isGone(connection: Connection): boolean;
  /** Lets flow what it brings, once its consumer has had a chance to listen. */
  resume?(this: void, connection: Connection): void;
  /**
   * Whether what it tells is lost on who takes it later than at once: a session's streams, what any
   * emitter's argument emits.
   */
  readonly mustBeTakenAtOnce?: boolean;
  /**
   * Whether it comes over a connection that may be open already, which is ended with the server: an
   * HTTP request.
   */
  readonly isCarried?: boolean;
  /** Whether it is a socket: a stream of bytes, of which nothing more is known. */
  readonly isSocket?: boolean;
  /** Tells the client at once that nobody will serve it. */
  refuse(connection: Connection): void;
  /** The same for one that comes when the last call is over, where it is treated otherwise. */
  refuseLate?(connection: Connection): void;
  /** What one is that had to be ended by force. */
  readonly straggler: Straggler['kind'];
  /** Whether a task lasts until its connection has closed, though its handler has resolved. */
  readonly lastsUntilClosed: boolean;
  /** What tells the address of the client. */
  socketOf(connection: Connection): Addressed | null | undefined;
  /** The socket or session that carries it, where that is another object. */
  carrierOf?(connection: Connection): object | null | undefined;
  /** What the request asks for that it is, or that has opened it. */
  requestLineOf?(connection: Connection): RequestLine;
  /** Makes it ready for a handler. */
  prepare(connection: Connection): void;
  closable(connection: Connection): Closable;
  /** Calls back when our side has said its last word, in callback style. */
  onFinish?(this: void, connection: Connection, callback: () => void): void;
  /** From now on notes what `departure` has to know, if there is anything. @returns What ends that. */
  noteDeparture?(connection: Connection): (() => void) | undefined;
  /** Of one that has closed: its error, or one that says so; `undefined` if its handler has ended it. */
  departure(connection: Connection): unknown;
  /** Whether it cannot be seen which side has ended it. Its handler has a turn to finish then. */
  hidesDeparture?(connection: Connection): boolean;
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

/**
 * The guard: an `'error'` listener that stays on a connection for its whole life, so that a client
 * that resets while it waits is not an uncaught exception. A consumer's own listener still sees
 * the error.
 */
export function guard(): void {}
