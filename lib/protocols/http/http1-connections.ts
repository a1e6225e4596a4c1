import type { Patience } from '../trackers.ts';
import { closesHalfRequests } from '../../primitives/runtime.ts';
import { STRAY_CHECK_MS } from '../../bounds.ts';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { attempt, attemptEach } from '../../primitives/attempt.ts';
import { Alarms } from './alarm.ts';
import { emitterListener } from '../../primitives/emitter-listener.ts';
import { isHttp2 } from './exchange.ts';
import { guard } from '../protocol.ts';
import { harmless } from '../../primitives/harmless.ts';
import { hasLeft } from '../../primitives/has-left.ts';
import { HeldBack } from './held-back.ts';
import { Http1Connection, type Http1Owner } from './http1-connection.ts';
import { Http1Ending, type HttpPatience } from './http1-ending.ts';
import { describe, listOpen } from './http1-listing.ts';
import { eachInSlices, type End } from '../../shutdown/in-slices.ts';
import { timeoutOf } from './node-timeout.ts';
import type { Newcomers } from './newcomers.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import type { OnStraggler } from '../../shutdown/stragglers.ts';
import { attemptOf } from '../../primitives/hear.ts';
import { setImmediate, unref } from '../../primitives/timers.ts';

/** The HTTP/1 connections of one server, which a shutdown has to end. */
export class Http1Connections implements Http1Owner {
  /** Called when a newcomer has made its first request, and when a connection has gone. */
  onChange: () => void = () => {};
  /** Called with the socket of a connection that has gone. */
  onGone: (socket: Socket) => void = () => {};
  /**
   * Whether a shutdown has begun. Only then does the time matter at which a connection began to
   * rest.
   */
  isEnding = false;
  readonly #alarms = new Alarms();
  readonly #server: EventEmitter;
  readonly #newcomers: Newcomers;
  readonly #connections = new Map<Socket, Http1Connection>();
  /** How connections end. Empty before a shutdown, because most connections are idle then. */
  readonly #endings = new WeakMap<Http1Connection, Http1Ending>();
  #heldBack: HeldBack | undefined;
  #isClosing = false;
  #isOver = false;
  #isSweeping = false;
  #patience: HttpPatience | undefined;
  #strayTimer: NodeJS.Timeout | undefined;

  constructor(server: EventEmitter, newcomers: Newcomers) {
    this.#server = server;
    this.#newcomers = newcomers;
  }

  /** How many are open. */
  get size(): number {
    return this.#connections.size;
  }

  /** Whether this is the socket of a connection, so that `onGone` will be called with it. */
  follows(socket: object): boolean {
    return this.#connections.has(socket as Socket);
  }

  /** Whether the `'close'` of a socket that has closed will still be heard here. */
  tells(socket: object): boolean {
    const connection = this.#connections.get(socket as Socket);
    return connection?.socket.listeners('close').includes(this.#onClose) === true;
  }

  /** Whether a connection is idle, or seems so to Node. */
  get looksIdle(): boolean {
    for (const connection of this.#connections.values()) {
      if (attempt(() => connection.looksIdle)) return true;
    }
    return false;
  }

  listOpen(list: OpenList): void {
    attemptEach(this.#connections.values(), (each) => listOpen(each, list));
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
    if (!closesHalfRequests) this.#strayTimer = setInterval(() => this.#endStray(), STRAY_CHECK_MS);
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

  /**
   * Ends what is idle, now and later. Half requests and upgraded sockets are left to their owners.
   */
  end(): void {
    attemptEach(this.#connections.values(), (connection) => {
      this.#endings.get(connection)?.leave();
      // An upgrade is not heard any more, and Node then no longer listens to the socket.
      connection.keepGuard();
      connection.endIfIdle();
    });
  }

  /** What ends each connection by force. @param onStraggler - Told of each, just before. */
  force(onStraggler: OnStraggler): End[] {
    return [...this.#connections.values()].map((each) => {
      this.#endings.get(each)?.leave();
      // As in `end()`: its turn may come many slices later.
      attemptOf(each.socket, 'on', () => each.keepGuard());
      return () => cut(each, onStraggler);
    });
  }

  /** Forgets connections that are gone without an event. */
  sweep(): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    const look = ([socket, connection]: [Socket, Http1Connection]): void => {
      // The census sweeps, too: a connection that has gone without an event is no straggler.
      if (hasLeft(socket)) return this.#forget(socket);
      connection.sweep();
      if (!this.isEnding) attemptOf(socket, 'listenerCount', () => this.#lighten(connection));
    };
    eachInSlices(this.#connections, look, () => (this.#isSweeping = false));
  }

  /**
   * Gives back what an idle connection does not need. For each request, Node adds a listener for
   * `'close'` and removes it. V8 makes room for 17 more then, and keeps it until the listeners are
   * new.
   */
  #lighten(connection: Http1Connection): void {
    const { socket } = connection;
    if (!connection.lighten()) return;
    socket.off('close', this.#onClose);
    socket.on('close', this.#onClose);
  }

  readonly add: (socket: Socket) => void = harmless((socket) => {
    // With HTTP/2, the session owns the socket.
    if ((socket as TLSSocket).alpnProtocol === 'h2' || socket.destroyed) return;
    const connection = this.#connectionOf(socket);
    this.#heldBack?.add(socket);
    // An earlier listener may have ended everything, in this very event.
    if (this.#isOver) connection.endIfIdle();
  });

  readonly begin = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    // HTTP/2 requests are heard as streams. An owner's earlier listener may have ended the socket.
    if (isHttp2(response) || !socket || socket.destroyed) return;
    const connection = this.#connectionOf(socket);
    connection.begin(request, response);
    if (this.isEnding) this.#endings.get(connection)?.onBegin();
    this.#settle(socket);
    if (this.#isClosing) this.#goAway(connection);
  };

  /** @param stream - The socket. For `'connect'` of HTTP/2 it is a response. */
  readonly upgrade = (request: IncomingMessage, stream: Socket): void => {
    if (isHttp2(stream)) return;
    // If the request has a body, Node 26 makes a stream of its own for the owner.
    const socket = this.#connections.has(request.socket) ? request.socket : stream;
    if (socket !== stream) stream.on('error', guard);
    // An owner's earlier listener, or the answer to an earlier request, may have ended it with an
    // error. Node no longer listens to the socket.
    if (socket.destroyed) return void socket.on('error', guard);
    const connection = this.#connectionOf(socket);
    connection.upgrade();
    this.#endings.get(connection)?.leave();
    this.#settle(socket);
  };

  #connectionOf(socket: Socket): Http1Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new Http1Connection(socket, this);
    this.#connections.set(socket, connection);
    this.#newcomers.add(socket, connection.since);
    socket.on('close', this.#onClose);
    if (this.#patience) this.#endingOf(connection).drain(this.#patience);
    return connection;
  }

  #endingOf(connection: Http1Connection): Http1Ending {
    const ending = this.#endings.get(connection) ?? new Http1Ending(connection, this.#alarms);
    this.#endings.set(connection, ending);
    return ending;
  }

  onRest(connection: Http1Connection): void {
    if (this.isEnding) this.#endingOf(connection).onRest();
    // Its `keepAliveTimeout` still runs, to which Node adds a second.
    if (this.#heldBack && connection.state !== 'upgraded') this.#heldBack.add(connection.socket);
    // The next request may be in the input of this very turn.
    if (this.#isOver) setImmediate(() => attempt(() => connection.endIfIdle()));
  }

  readonly #onClose = emitterListener((socket: Socket) => {
    this.#forget(socket);
    this.onGone(socket);
  });

  #forget(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection) this.#endings.get(connection)?.leave();
    this.#connections.delete(socket);
    this.#newcomers.delete(socket);
    this.onChange();
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

  /**
   * Ends connections that only seem to have half a request. Empty lines behind a request are no
   * part of the next request, and look like half of it.
   *
   * Node's parser knows which connections wait for nothing, and Node can end them, but only all at
   * once. So that is not done while a connection is idle and still has time.
   */
  #endStray(): void {
    if (this.looksIdle) return;
    const server = this.#server as { closeIdleConnections?(): void };
    for (const connection of this.#connections.values()) {
      if (attempt(() => connection.state) !== 'half a request') continue;
      attemptOf(server, 'closeIdleConnections', () => server.closeIdleConnections?.());
      return;
    }
  }

  #settle(newcomer: object): void {
    if (this.#newcomers.delete(newcomer)) this.onChange();
  }
}

/** Ends a connection by force, and lists it. */
function cut(connection: Http1Connection, onStraggler: OnStraggler): void {
  const { socket } = connection;
  // It was ended as a request that `serve` had, and listed as that; or another process has it.
  if (socket.destroyed || hasLeft(socket)) return;
  onStraggler(describe(connection), socket);
  // TLS has a goodbye of its own.
  if ('encrypted' in socket) connection.endIfIdle();
  socket.destroy();
}
