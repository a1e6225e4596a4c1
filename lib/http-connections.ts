import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { FIRST_REQUEST_MS, HttpConnection, type Patience } from './http-connection.ts';
import { LAST_CALL_MS } from './last-call.ts';
import { overhear } from './overhear.ts';
import { type OnStraggler, Origin } from './straggler.ts';

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
export class HttpConnections {
  /** Called when a newcomer has made its first request, and when a connection has gone. */
  onChange: () => void = () => {};
  readonly #server: EventEmitter;
  readonly #connections = new Map<Socket, HttpConnection>();
  readonly #sessions = new Map<Http2Session, Origin>();
  /** Sockets and sessions without a request so far, with the time when they came. */
  readonly #newcomers = new Map<object, number>();
  readonly #events: HttpEvents;
  readonly #stopOverhearing: readonly (() => void)[];
  #closing = false;
  #ended = false;
  #patience: Patience | undefined;

  constructor(server: EventEmitter, events: HttpEvents) {
    this.#server = server;
    this.#events = events;
    if (events.socket) server.on(events.socket, this.#addSocket);
    if (events.session) server.on(events.session, this.#addSession);
    // First in line, so that the header is there when a handler answers at once.
    server.prependListener('request', this.#begin);
    this.#stopOverhearing = [
      ...['upgrade', 'connect'].map((event) => overhear(server, event, this.#upgrade)),
      // These come in the place of 'request'.
      ...['checkContinue', 'checkExpectation'].map((event) => overhear(server, event, this.#begin)),
    ];
  }

  /** How many are open. */
  get size(): number {
    return this.#connections.size + this.#sessions.size;
  }

  /**
   * How many connections have still to make their first request. A browser's spare connection may
   * never make one: who has been silent for as long as a last call may take is not waited for.
   */
  get newcomers(): number {
    const now = performance.now();
    for (const [newcomer, since] of this.#newcomers) {
      // In order of arrival: the others are younger still.
      if (now - since <= LAST_CALL_MS) break;
      this.#newcomers.delete(newcomer);
    }
    return this.#newcomers.size;
  }

  /** From now on the last response of each connection says that it is the last. */
  announceClose(): void {
    this.#closing = true;
    for (const connection of this.#connections.values()) connection.announceClose();
  }

  /**
   * From now on ends each connection that has had nothing under way for a while. Half a request and
   * upgraded sockets stay, until `destroy()`.
   */
  drain(patience: Patience): void {
    this.announceClose();
    this.#patience = patience;
    for (const connection of this.#connections.values()) connection.drain(patience);
    for (const session of this.#sessions.keys()) this.#drainSession(session);
  }

  /**
   * Stops following the server. Ends what is idle, now and later; half a request and upgraded
   * sockets are left to their owners.
   */
  end(): void {
    this.announceClose();
    this.#ended = true;
    const { socket: socketEvent, session: sessionEvent } = this.#events;
    if (socketEvent) this.#server.off(socketEvent, this.#addSocket);
    if (sessionEvent) this.#server.off(sessionEvent, this.#addSession);
    this.#server.off('request', this.#begin);
    for (const stop of this.#stopOverhearing) stop();
    for (const connection of this.#connections.values()) {
      connection.leave();
      connection.endIfIdle();
    }
    for (const session of this.#sessions.keys()) session.close();
  }

  /** Ends everything by force. */
  destroy(onStraggler: OnStraggler): void {
    for (const connection of this.#connections.values()) connection.destroy(onStraggler);
    for (const [session, origin] of this.#sessions) {
      onStraggler(origin.straggler('connection'), session);
      session.destroy();
    }
  }

  readonly #addSocket = (socket: Socket): void => {
    // With HTTP/2 the session owns the socket.
    if ((socket as TLSSocket).alpnProtocol !== 'h2') this.#connectionOf(socket);
  };

  readonly #addSession = (session: Http2Session): void => {
    this.#sessions.set(session, new Origin(session.socket));
    this.#newcomers.set(session, performance.now());
    session.once('close', () => {
      this.#sessions.delete(session);
      this.#newcomers.delete(session);
      this.onChange();
    });
    if (this.#patience) this.#drainSession(session);
  };

  #connectionOf(socket: Socket): HttpConnection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new HttpConnection(socket);
    this.#connections.set(socket, connection);
    this.#newcomers.set(socket, performance.now());
    socket.once('close', () => {
      connection.leave();
      this.#connections.delete(socket);
      this.#newcomers.delete(socket);
      this.onChange();
    });
    if (this.#patience) connection.drain(this.#patience);
    return connection;
  }

  readonly #begin = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.httpVersionMajor >= 2) {
      const { session } = (request as unknown as Http2ServerRequest).stream;
      if (session !== undefined && !this.#sessions.has(session)) this.#addSession(session);
      return this.#settle(session);
    }
    const connection = this.#connectionOf(request.socket);
    connection.begin([request, response], () => {
      // The next request may be in this very turn's input.
      if (this.#ended) setImmediate(() => connection.endIfIdle());
    });
    this.#settle(request.socket);
    if (this.#closing) connection.announceClose();
  };

  readonly #upgrade = ({ socket, httpVersionMajor }: IncomingMessage): void => {
    if (httpVersionMajor >= 2) return;
    this.#connectionOf(socket).upgrade();
    this.#settle(socket);
  };

  /** Its streams finish; the client is told to begin no more. */
  #drainSession(session: Http2Session): void {
    const close = (): void => session.close();
    if (this.#newcomers.has(session)) setTimeout(close, FIRST_REQUEST_MS).unref();
    else close();
  }

  #settle(newcomer: object | undefined): void {
    if (newcomer !== undefined && this.#newcomers.delete(newcomer)) this.onChange();
  }
}
