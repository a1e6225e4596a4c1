import type { CarrierTracker, Patience } from '../trackers.ts';
import { closesHalfRequests } from '../../primitives/runtime.ts';
import { STRAY_CHECK_MS } from '../../bounds.ts';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { attempt, attemptEach } from '../../primitives/attempt.ts';
import { emitterListener } from '../../primitives/emitter-listener.ts';
import { isHttp2 } from './exchange.ts';
import { harmless } from '../../primitives/harmless.ts';
import { hasLeft } from '../../primitives/has-left.ts';
import { HeldBack } from './held-back.ts';
import { Http1Connection, type HttpPatience } from './http1-connection.ts';
import { Http2Sessions } from './http2-sessions.ts';
import type { End } from '../../shutdown/in-slices.ts';
import { timeoutOf } from './node-timeout.ts';
import { Newcomers } from './newcomers.ts';
import { countListeners, overhear } from './overhear.ts';
import type { OnStraggler } from '../../shutdown/stragglers.ts';
import { attemptOf, hear, hearFirst, unhear } from '../../primitives/hear.ts';
import { setImmediate, unref } from '../../primitives/timers.ts';

/** The server's events that bring an HTTP/1 socket and an HTTP/2 session. */
export interface HttpEvents {
  readonly socket?: string;
  readonly session?: string;
}

/**
 * The HTTP connections of one server, for its end: the last response of each HTTP/1 connection
 * says `Connection: close`, idle ones are ended, and HTTP/2 sessions are told to go away.
 *
 * Connections that were accepted before are known from their next request on.
 */
export class HttpConnections implements CarrierTracker {
  readonly #server: EventEmitter;
  readonly #newcomers = new Newcomers();
  readonly #connections = new Map<Socket, Http1Connection>();
  readonly #sessions = new Http2Sessions(this.#newcomers);
  readonly #events: HttpEvents;
  readonly #stopOverhearing: readonly (() => void)[];
  #heldBack: HeldBack | undefined;
  #onChange = (): void => {};
  #closing = false;
  #ended = false;
  #patience: HttpPatience | undefined;
  #strayTimer: NodeJS.Timeout | undefined;

  constructor(server: EventEmitter, events: HttpEvents) {
    this.#server = server;
    this.#events = events;
    if (events.socket) hear(server, events.socket, this.#addSocket);
    // Before its owner, who may end it: after that nothing tells which socket it had.
    if (events.session) hearFirst(server, events.session, this.#sessions.add);
    // First in line, so that the header is there when a handler answers at once; and only where
    // somebody listens: of 'request' an HTTP/2 server makes compatibility objects, to an upgrade
    // nobody would answer, and the last two come in the place of 'request'.
    this.#stopOverhearing = [
      overhear(server, 'request', this.#begin),
      overhear(server, 'stream', this.#sessions.begin),
      ...['upgrade', 'connect'].map((event) => overhear(server, event, this.#upgrade)),
      ...['checkContinue', 'checkExpectation'].map((event) => overhear(server, event, this.#begin)),
    ];
  }

  /** Called when a newcomer has made its first request, and when a connection has gone. */
  set onChange(callback: () => void) {
    this.#onChange = callback;
    this.#sessions.onChange = callback;
  }

  /** How many are open. */
  get size(): number {
    return this.#connections.size + this.#sessions.size;
  }

  /** How many connections have still to make their first request. */
  get newcomers(): number {
    return this.#newcomers.size;
  }

  /** The HTTP/2 sessions that are open. */
  get sessions(): Iterable<Http2Session> {
    return this.#sessions.all;
  }

  /** Whether one of HTTP/1 is idle, or seems so to Node. */
  get looksIdle(): boolean {
    for (const connection of this.#connections.values()) {
      if (attempt(() => connection.looksIdle)) return true;
    }
    return false;
  }

  /**
   * From now on nothing is read of new connections of HTTP/1, nor of those that have been answered,
   * until they are drained or ended. Not where a WebSocket may be asked for: it is let in now, and
   * refused once the listener is closed.
   */
  holdBack(most: number): void {
    if (countListeners(this.#server, 'upgrade') > 0) return;
    this.#heldBack = new HeldBack(most);
  }

  /** From now on each connection is told that it is to end. */
  goAway(): void {
    this.#closing = true;
    this.#sessions.goAway();
    attemptEach(this.#connections.values(), (each) => this.#goAway(each));
  }

  /**
   * From now on ends each connection that has had nothing under way for a while. Half a request and
   * upgraded sockets stay, until `destroy()`.
   */
  drain(times: Patience): void {
    const patience = {
      ...times,
      headersTimeout: timeoutOf(this.#server, 'headersTimeout'),
      requestTimeout: timeoutOf(this.#server, 'requestTimeout'),
    };
    this.goAway();
    this.#release();
    this.#patience = patience;
    if (!closesHalfRequests) this.#strayTimer = setInterval(() => this.#endStray(), STRAY_CHECK_MS);
    unref(this.#strayTimer);
    this.#sessions.drain(patience);
    attemptEach(this.#connections.values(), (each) => each.drain(patience));
  }

  /**
   * Stops following the server. Ends what is idle, now and later; half a request and upgraded
   * sockets are left to their owners.
   */
  end(): void {
    this.#leave();
    attemptEach(this.#connections.values(), (connection) => {
      connection.leave();
      connection.endIfIdle();
    });
    this.#sessions.end();
  }

  /** Stops following the server. @returns What ends everything by force. */
  force(onStraggler: OnStraggler): End[] {
    this.#leave();
    const ends = [...this.#connections.values()].map((each) => each.force(onStraggler));
    return [...ends, ...this.#sessions.force(onStraggler)];
  }

  /** Forgets those of which nobody has heard that they have gone. */
  sweep(): void {
    this.#sessions.sweep();
    attemptEach(this.#connections, ([socket, connection]) => {
      if (hasLeft(socket)) this.#forget(socket);
      else connection.sweep();
    });
  }

  #leave(): void {
    clearInterval(this.#strayTimer);
    this.goAway();
    this.#release();
    this.#ended = true;
    const { socket: socketEvent, session: sessionEvent } = this.#events;
    if (socketEvent) unhear(this.#server, socketEvent, this.#addSocket);
    if (sessionEvent) unhear(this.#server, sessionEvent, this.#sessions.add);
    for (const stop of this.#stopOverhearing) stop();
  }

  readonly #addSocket = harmless((socket: Socket): void => {
    // With HTTP/2 the session owns the socket.
    if ((socket as TLSSocket).alpnProtocol === 'h2' || socket.destroyed) return;
    const connection = this.#connectionOf(socket);
    this.#heldBack?.add(socket);
    // By a listener before this one, in this very emit.
    if (this.#ended) connection.endIfIdle();
  });

  #release(): void {
    this.#heldBack?.release();
    this.#heldBack = undefined;
  }

  #connectionOf(socket: Socket): Http1Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new Http1Connection(socket, this.#onRest);
    this.#connections.set(socket, connection);
    this.#newcomers.add(socket);
    socket.on('close', this.#onClose);
    if (this.#patience) connection.drain(this.#patience);
    return connection;
  }

  readonly #onRest = (connection: Http1Connection): void => {
    // Its `keepAliveTimeout` runs, to which Node adds a second.
    if (!connection.isUpgraded) this.#heldBack?.add(connection.socket);
    // The next request may be in this very turn's input.
    if (this.#ended) setImmediate(() => attempt(() => connection.endIfIdle()));
  };

  readonly #onClose = emitterListener((socket: Socket) => this.#forget(socket));

  #forget(socket: Socket): void {
    this.#connections.get(socket)?.leave();
    this.#connections.delete(socket);
    this.#newcomers.delete(socket);
    this.#onChange();
  }

  readonly #begin = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    // A stream of HTTP/2 has come before. An owner's listener before this one may have ended it.
    if (isHttp2(response) || !socket || socket.destroyed) return;
    const connection = this.#connectionOf(socket);
    connection.begin(request, response);
    this.#settle(socket);
    if (this.#closing) this.#goAway(connection);
  };

  /** @param socket - Of HTTP/2's `'connect'` it is a response. */
  readonly #upgrade = (_request: IncomingMessage, socket: Socket): void => {
    if (isHttp2(socket) || socket.destroyed) return;
    this.#connectionOf(socket).upgrade();
    this.#settle(socket);
  };

  #goAway(connection: Http1Connection): void {
    connection.goAway(timeoutOf(this.#server, 'requestTimeout'));
  }

  /**
   * Empty lines behind a request are no part of the next one, and look like half of it. Node's
   * parser knows which ones wait for nothing, and Node ends them: all at once, and so not while one
   * is idle that has still time.
   */
  #endStray(): void {
    if (this.looksIdle) return;
    const server = this.#server as { closeIdleConnections?(): void };
    for (const connection of this.#connections.values()) {
      if (!attempt(() => connection.hasHalfRequest)) continue;
      attemptOf(server, 'closeIdleConnections', () => server.closeIdleConnections?.());
      return;
    }
  }

  #settle(newcomer: object): void {
    if (this.#newcomers.delete(newcomer)) this.#onChange();
  }
}
