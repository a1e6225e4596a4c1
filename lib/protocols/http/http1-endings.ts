import type { Patience } from '../trackers.ts';
import { closesHalfRequests } from '../../primitives/runtime.ts';
import { STRAY_CHECK_MS } from '../../bounds.ts';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { attempt, attemptEach } from '../../primitives/attempt.ts';
import { Alarms } from './alarm.ts';
import { cutExchange } from './cut-exchange.ts';
import { hasLeft } from '../../primitives/has-left.ts';
import { HeldBack } from './held-back.ts';
import type { Http1Connection, Http1Owner } from './http1-connection.ts';
import { Http1Ending, type HttpPatience } from './http1-ending.ts';
import { describe } from './http1-listing.ts';
import { endStray, someLookIdle } from './http1-stray.ts';
import { eachInSlices, type End } from '../../shutdown/in-slices.ts';
import { timeoutOf } from './node-timeout.ts';
import type { OnStraggler } from '../../shutdown/stragglers.ts';
import { attemptOf } from '../../primitives/hear.ts';
import type { ObjectMap } from '../../primitives/object-map.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';
import { setImmediate, unref } from '../../primitives/timers.ts';

/**
 * How the HTTP/1 connections of one server come to their end: held back in the last call, told,
 * ended when they are idle, ended by force.
 */
export class Http1Endings implements Http1Owner {
  /**
   * Whether a shutdown has begun, or the loop was left. Before that, nothing of a connection has to
   * be told here.
   */
  hasBegun = false;
  readonly #server: EventEmitter;
  readonly #connections: ObjectMap<Socket, Http1Connection>;
  readonly #alarms = new Alarms();
  /** How connections end. Empty before a shutdown, because most connections are idle then. */
  readonly #endings = new WeakMap<Http1Connection, Http1Ending>();
  #heldBack: HeldBack | undefined;
  #isClosing = false;
  #isOver = false;
  #patience: HttpPatience | undefined;
  #strayTimer: NodeJS.Timeout | undefined;

  /** @param connections - The open connections. Other code adds and deletes them. */
  constructor(server: EventEmitter, connections: ObjectMap<Socket, Http1Connection>) {
    this.#server = server;
    this.#connections = connections;
  }

  /** Whether a connection is idle, or seems so to Node. */
  get looksIdle(): boolean {
    return someLookIdle(this.#connections);
  }

  /** A shutdown begins. Nothing is done to the connections yet. */
  begin(): void {
    this.hasBegun = true;
  }

  /**
   * From now on reads nothing from connections that are new or have just been answered, until
   * `drain` or `leave`. A connection that is idle now is read, and held back after its next answer.
   *
   * @param most - How many connections are held back at most.
   */
  holdBack(most: number): void {
    this.#heldBack = new HeldBack(most);
  }

  /** From now on tells each client that its connection will end. */
  goAway(): void {
    this.hasBegun = true;
    this.#isClosing = true;
    const requestTimeout = timeoutOf(this.#server, 'requestTimeout');
    attemptEach(this.#connections.values(), (each) => this.#goAway(each, requestTimeout));
  }

  /** From now on ends each connection that has had nothing under way for a while. */
  drain(times: Patience): void {
    const patience = {
      ...times,
      headersTimeout: timeoutOf(this.#server, 'headersTimeout'),
      requestTimeout: timeoutOf(this.#server, 'requestTimeout'),
    };
    this.#release();
    this.#patience = patience;
    if (!closesHalfRequests) {
      const look = (): void => endStray(this.#server, this.#connections);
      this.#strayTimer = setInterval(look, STRAY_CHECK_MS);
    }
    unref(this.#strayTimer);
    eachInSlices(this.#connections.values(), (each) => {
      if (!this.#isOver) this.#endingOf(each).drain(patience);
    });
  }

  /** Stops following the server. Open connections are followed to their end. */
  leave(): void {
    clearInterval(this.#strayTimer);
    this.#release();
    this.#isOver = true;
  }

  /** What ends each idle connection. Half requests and upgraded sockets are left to their owners. */
  end(): End[] {
    return this.#eachEnd((connection) => connection.endIfIdle());
  }

  /** What ends each connection by force. @param onStraggler - Told of each, just before. */
  force(onStraggler: OnStraggler): End[] {
    return this.#eachEnd((connection) => cut(connection, onStraggler));
  }

  #eachEnd(end: (connection: Http1Connection) => void): End[] {
    return [...this.#connections.values()].map((each) => {
      this.letGo(each);
      // An upgrade is not heard any more, and Node then no longer listens to the socket. Now, for its
      // turn may come many slices later.
      attemptOf(each.socket, 'on', () => each.keepGuard());
      return () => end(each);
    });
  }

  /** Call it with each connection that becomes known, by its accept or by a request. */
  onNew(connection: Http1Connection): void {
    if (this.#patience) this.#endingOf(connection).drain(this.#patience);
  }

  /** Call it with each connection that the server accepts, after `onNew`. */
  onAccept(connection: Http1Connection): void {
    this.#heldBack?.add(connection.socket);
    // An earlier listener may have ended everything, in this very event.
    if (this.#isOver) connection.endIfIdle();
  }

  /** Call it when a connection has brought a request. */
  onBegin(connection: Http1Connection): void {
    this.#endings.get(connection)?.onBegin();
    if (this.#isClosing) this.#goAway(connection);
  }

  onRest(connection: Http1Connection): void {
    // Before that, it does not matter when a connection began to rest.
    if (!this.hasBegun) return;
    this.#endingOf(connection).onRest();
    // Its `keepAliveTimeout` still runs, to which Node adds a second.
    if (this.#heldBack && connection.state !== 'upgraded') this.#heldBack.add(connection.socket);
    // The next request may be in the input of this very turn.
    if (this.#isOver) setImmediate(() => attempt(() => connection.endIfIdle()));
  }

  /** Call it when a connection has closed, or is no HTTP connection any more. */
  letGo(connection: Http1Connection): void {
    this.#endings.get(connection)?.leave();
  }

  #endingOf(connection: Http1Connection): Http1Ending {
    const ending = this.#endings.get(connection) ?? new Http1Ending(connection, this.#alarms);
    this.#endings.set(connection, ending);
    return ending;
  }

  #release(): void {
    this.#heldBack?.release();
    this.#heldBack = undefined;
  }

  #goAway(
    connection: Http1Connection,
    requestTimeout: number = timeoutOf(this.#server, 'requestTimeout'),
  ): void {
    if (connection.last === undefined) return;
    this.#endingOf(connection).goAway(requestTimeout);
  }
}

/** Ends a connection by force, and lists it. */
function cut(connection: Http1Connection, onStraggler: OnStraggler): void {
  const { socket, first } = connection;
  // It was ended as a request that `serve` had, and listed as that; or another process has it.
  if (socket.destroyed || hasLeft(socket)) return;
  onStraggler(describe(connection), socket);
  // TLS has a goodbye of its own.
  if ('encrypted' in socket) connection.endIfIdle();
  if (first) cutExchange(socket, first.request, first.response);
  else warnOfRejection(socket.destroy());
}
