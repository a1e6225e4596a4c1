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
import { harmless } from '../../primitives/harmless.ts';
import { hasLeft } from '../../primitives/has-left.ts';
import { HeldBack } from './held-back.ts';
import { Http1Connection, type Http1Owner, type HttpPatience } from './http1-connection.ts';
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
  isEnding = false;
  readonly alarms: Alarms = new Alarms();
  readonly #server: EventEmitter;
  readonly #newcomers: Newcomers;
  readonly #connections = new Map<Socket, Http1Connection>();
  #heldBack: HeldBack | undefined;
  #isClosing = false;
  #isOver = false;
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

  /** Whether a connection is idle, or seems so to Node. */
  get looksIdle(): boolean {
    for (const connection of this.#connections.values()) {
      if (attempt(() => connection.looksIdle)) return true;
    }
    return false;
  }

  listOpen(list: OpenList): void {
    attemptEach(this.#connections.values(), (each) => each.listOpen(list));
  }

  /**
   * From now on reads nothing from connections that have nothing under way, until `drain` or
   * `leave`.
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
    attemptEach(this.#connections.values(), (each) => each.goAway(requestTimeout));
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
      if (!this.#isOver) each.drain(patience);
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
      connection.leave();
      connection.endIfIdle();
    });
  }

  /** What ends each connection by force. @param onStraggler - Told of each, just before. */
  force(onStraggler: OnStraggler): End[] {
    return [...this.#connections.values()].map((each) => each.force(onStraggler));
  }

  /** Forgets connections that are gone without an event. */
  sweep(): void {
    eachInSlices(this.#connections, ([socket, connection]) => {
      if (hasLeft(socket)) this.#forget(socket);
      else connection.sweep();
    });
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
    this.#settle(socket);
    if (this.#isClosing) this.#goAway(connection);
  };

  /** @param socket - For `'connect'` of HTTP/2 it is a response. */
  readonly upgrade = (_request: IncomingMessage, socket: Socket): void => {
    if (isHttp2(socket) || socket.destroyed) return;
    this.#connectionOf(socket).upgrade();
    this.#settle(socket);
  };

  #connectionOf(socket: Socket): Http1Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new Http1Connection(socket, this);
    this.#connections.set(socket, connection);
    this.#newcomers.add(socket);
    socket.on('close', this.#onClose);
    if (this.#patience) connection.drain(this.#patience);
    return connection;
  }

  onRest(connection: Http1Connection): void {
    // Its `keepAliveTimeout` still runs, to which Node adds a second.
    if (this.#heldBack && connection.state !== 'upgraded') this.#heldBack.add(connection.socket);
    // The next request may be in the input of this very turn.
    if (this.#isOver) setImmediate(() => attempt(() => connection.endIfIdle()));
  }

  readonly #onClose = emitterListener((socket: Socket) => this.#forget(socket));

  #forget(socket: Socket): void {
    this.#connections.get(socket)?.leave();
    this.#connections.delete(socket);
    this.#newcomers.delete(socket);
    this.onChange();
  }

  #release(): void {
    this.#heldBack?.release();
    this.#heldBack = undefined;
  }

  #goAway(connection: Http1Connection): void {
    connection.goAway(timeoutOf(this.#server, 'requestTimeout'));
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
