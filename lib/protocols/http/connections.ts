import type { CarrierTracker, Patience } from '../trackers.ts';
import type { EventEmitter } from 'node:events';
import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Http1Connection } from './http1-connection.ts';
import { Http1Connections } from './http1-connections.ts';
import { Http1Endings } from './http1-endings.ts';
import { Http2Sessions } from './http2-sessions.ts';
import type { End } from '../../shutdown/in-slices.ts';
import { Newcomers } from './newcomers.ts';
import { ObjectMap } from '../../primitives/object-map.ts';
import { countListeners, overhear } from './overhear.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import type { OnStraggler } from '../../shutdown/stragglers.ts';
import { hear, hearFirst, unhear } from '../../primitives/hear.ts';

/** The server's events that bring an HTTP/1 socket and an HTTP/2 session. */
export interface HttpEvents {
  readonly socket?: string;
  readonly session?: string;
}

/**
 * The HTTP connections of one server, which a shutdown has to end:
 *
 * - The last response of each HTTP/1 connection says `Connection: close`.
 * - Idle connections are ended.
 * - HTTP/2 sessions get GOAWAY.
 *
 * Connections that were accepted before this object was made are known from their next request on.
 */
export class HttpConnections implements CarrierTracker {
  readonly #server: EventEmitter;
  readonly #newcomers = new Newcomers(() => [...this.#http1.newcomers, ...this.#http2.newcomers]);
  readonly #endings: Http1Endings;
  readonly #http1: Http1Connections;
  readonly #http2 = new Http2Sessions(this.#newcomers);
  readonly #events: HttpEvents;
  readonly #stopOverhearing: readonly (() => void)[];

  constructor(server: EventEmitter, events: HttpEvents) {
    this.#server = server;
    this.#events = events;
    const http1 = new ObjectMap<Socket, Http1Connection>();
    this.#endings = new Http1Endings(server, http1);
    this.#http1 = new Http1Connections(http1, this.#endings, this.#newcomers);
    const { begin, check, upgrade } = this.#http1;
    if (events.socket) hear(server, events.socket, this.#http1.add);
    // Before listeners of the owner: if one of them ends the session, nothing tells its socket
    // later.
    if (events.session) hearFirst(server, events.session, this.#http2.add);
    // First in line, so that the header is there when a handler answers at once. Only while other
    // code listens, because a listener changes what Node does:
    //
    // - With one for 'request', an HTTP/2 server makes compatibility objects.
    // - With one for 'upgrade' or 'connect', Node leaves the answer to it.
    // - 'checkContinue' and 'checkExpectation' replace 'request'.
    this.#stopOverhearing = [
      overhear(server, 'request', begin),
      overhear(server, 'stream', this.#http2.begin),
      ...['upgrade', 'connect'].map((event) => overhear(server, event, upgrade)),
      ...['checkContinue', 'checkExpectation'].map((event) => overhear(server, event, check)),
    ];
  }

  set onChange(callback: () => void) {
    this.#http1.onChange = callback;
    this.#http2.onChange = callback;
  }

  set onGone(callback: (socket: object) => void) {
    this.#http1.onGone = callback;
  }

  get size(): number {
    return this.#http1.size + this.#http2.size;
  }

  follows(socket: object): boolean {
    return this.#http1.follows(socket);
  }

  tells(socket: object): boolean {
    return this.#http1.tells(socket);
  }

  get newcomers(): number {
    return this.#newcomers.size;
  }

  /** The open HTTP/2 sessions. */
  get sessions(): Iterable<Http2Session> {
    return this.#http2.all;
  }

  get looksIdle(): boolean {
    return this.#endings.looksIdle;
  }

  listOpen(list: OpenList): void {
    this.#http1.listOpen(list);
    this.#http2.listOpen(list);
  }

  /**
   * Does nothing while the server has a listener for upgrades: a client may ask for a WebSocket. It
   * is let in now, and refused once the listener is closed.
   */
  holdBack(most: number): void {
    if (countListeners(this.#server, 'upgrade') === 0) this.#endings.holdBack(most);
  }

  begin(): void {
    this.#endings.begin();
  }

  goAway(): void {
    this.#http2.goAway();
    this.#endings.goAway();
  }

  /** Half requests and upgraded sockets stay until they are ended by force. */
  drain(patience: Patience): void {
    this.goAway();
    this.#http2.drain(patience);
    this.#endings.drain(patience);
  }

  end(): End[] {
    this.#leave();
    return [...this.#endings.end(), ...this.#http2.end()];
  }

  force(onStraggler: OnStraggler): End[] {
    this.#leave();
    return [...this.#endings.force(onStraggler), ...this.#http2.force(onStraggler)];
  }

  sweep(): void {
    this.#http2.sweep();
    this.#http1.sweep();
  }

  #leave(): void {
    this.goAway();
    this.#endings.leave();
    const { socket, session } = this.#events;
    if (socket) unhear(this.#server, socket, this.#http1.add);
    if (session) unhear(this.#server, session, this.#http2.add);
    for (const stop of this.#stopOverhearing) stop();
  }
}
