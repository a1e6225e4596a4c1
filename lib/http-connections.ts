import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { LAST_CALL_MS } from './last-call.ts';
import type { Exchange } from './request-connections.ts';

/** The server's events that bring an HTTP/1 socket and an HTTP/2 session. */
export interface HttpEvents {
  readonly socket?: string;
  readonly session?: string;
}

/** One HTTP/1 connection. */
interface Connection {
  readonly socket: Socket;
  /** The exchanges that are not over, in order of arrival. */
  readonly open: Exchange[];
  /** `bytesRead` when the last one was over: what comes after it is a request, or an upgrade's. */
  restingAt: number;
  /** The response that says `Connection: close` because we made it. */
  lastResponse?: ServerResponse;
}

/**
 * The HTTP connections of one server, for its end: the last response of each HTTP/1 connection
 * says `Connection: close`, idle ones are ended, and HTTP/2 sessions are told to go away.
 *
 * Connections that were accepted before are known from their next request on. Half a request and
 * upgraded sockets are left to their owners.
 */
export class HttpConnections {
  /** Called when a newcomer has made its first request, or has gone. */
  onChange: () => void = () => {};
  readonly #server: EventEmitter;
  readonly #connections = new Map<Socket, Connection>();
  readonly #sessions = new Set<Http2Session>();
  /** Sockets and sessions without a request so far, with the time when they came. */
  readonly #newcomers = new Map<object, number>();
  readonly #events: HttpEvents;
  #closing = false;
  #ended = false;

  constructor(server: EventEmitter, events: HttpEvents) {
    this.#server = server;
    this.#events = events;
    if (events.socket) server.on(events.socket, this.#addSocket);
    if (events.session) server.on(events.session, this.#addSession);
    // First in line, so that the header is there when a handler answers at once.
    server.prependListener('request', this.#begin);
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
    for (const connection of this.#connections.values()) announceClose(connection);
  }

  /**
   * The loop is over: ends what is idle, now and later.
   */
  end(): void {
    this.announceClose();
    this.#ended = true;
    const { socket: socketEvent, session: sessionEvent } = this.#events;
    if (socketEvent) this.#server.off(socketEvent, this.#addSocket);
    if (sessionEvent) this.#server.off(sessionEvent, this.#addSession);
    this.#server.off('request', this.#begin);
    for (const connection of this.#connections.values()) endIfIdle(connection);
    for (const session of this.#sessions) session.close();
  }

  readonly #addSocket = (socket: Socket): void => {
    // With HTTP/2 the session owns the socket.
    if ((socket as TLSSocket).alpnProtocol !== 'h2') this.#connectionOf(socket);
  };

  readonly #addSession = (session: Http2Session): void => {
    this.#sessions.add(session);
    this.#newcomers.set(session, performance.now());
    session.once('close', () => {
      this.#sessions.delete(session);
      this.#settle(session);
    });
  };

  #connectionOf(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = { socket, open: [], restingAt: 0 };
    this.#connections.set(socket, connection);
    this.#newcomers.set(socket, performance.now());
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#settle(socket);
    });
    return connection;
  }

  readonly #begin = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.httpVersionMajor >= 2) {
      const { session } = (request as unknown as Http2ServerRequest).stream;
      if (session !== undefined && !this.#sessions.has(session)) this.#addSession(session);
      return this.#settle(session);
    }
    const connection = this.#connectionOf(request.socket);
    const exchange: Exchange = [request, response];
    connection.open.push(exchange);
    response.once('close', () => {
      // An upload may still be arriving.
      if (request.complete) this.#finish(connection, exchange);
      else request.once('close', () => this.#finish(connection, exchange));
    });
    this.#settle(request.socket);
    if (this.#closing) announceClose(connection);
  };

  #finish(connection: Connection, exchange: Exchange): void {
    connection.open.splice(connection.open.indexOf(exchange), 1);
    connection.restingAt = connection.socket.bytesRead;
    // The next request may be in this very turn's input.
    if (this.#ended) setImmediate(endIfIdle, connection);
  }

  #settle(newcomer: object | undefined): void {
    if (newcomer !== undefined && this.#newcomers.delete(newcomer)) this.onChange();
  }
}

/**
 * Lets the last response say `Connection: close`; an earlier one would lose the requests that were
 * pipelined behind it. Where the request is still arriving it has to wait: Node destroys the socket
 * after such a response, and a client that is still sending would never read it.
 */
function announceClose(connection: Connection): void {
  const earlier = connection.lastResponse;
  // A handler may have set its own meanwhile.
  if (earlier?.headersSent === false && earlier.getHeader('connection') === 'close') {
    earlier.removeHeader('connection');
  }
  delete connection.lastResponse;
  const last = connection.open.at(-1);
  if (last === undefined) return;
  const [request, response] = last;
  if (isArriving(request)) {
    request.prependOnceListener('end', () => announceClose(connection));
  } else if (!response.headersSent && !response.hasHeader('connection')) {
    response.setHeader('connection', 'close');
    connection.lastResponse = response;
  }
}

/** `complete` turns true only after `'request'`: one without a body has arrived by then. */
function isArriving({ complete, headers }: IncomingMessage): boolean {
  return !complete && ('transfer-encoding' in headers || Number(headers['content-length']) > 0);
}

function endIfIdle({ socket, open, restingAt }: Connection): void {
  if (open.length === 0 && socket.bytesRead <= restingAt) socket.destroySoon();
}
