import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { attemptEach } from '../../primitives/attempt.ts';
import { emitterListener } from '../../primitives/emitter-listener.ts';
import { isHttp2 } from './exchange.ts';
import { guard } from '../protocol.ts';
import { harmless } from '../../primitives/harmless.ts';
import { hasLeft } from '../../primitives/has-left.ts';
import { Http1Connection } from './http1-connection.ts';
import type { Http1Endings } from './http1-endings.ts';
import { listOpen } from './http1-listing.ts';
import { eachInSlices } from '../../shutdown/in-slices.ts';
import type { Newcomer, Newcomers } from './newcomers.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import { attemptOf } from '../../primitives/hear.ts';
import type { ObjectMap } from '../../primitives/object-map.ts';

/** The open HTTP/1 connections of one server, which a shutdown has to end. */
export class Http1Connections {
  /** Called when a newcomer has made its first request, and when a connection has gone. */
  onChange: () => void = () => {};
  /** Called with the socket of a connection that has gone. */
  onGone: (socket: Socket) => void = () => {};
  readonly #connections: ObjectMap<Socket, Http1Connection>;
  readonly #endings: Http1Endings;
  readonly #newcomers: Newcomers;
  /** The responses to requests that came by 'checkContinue' or 'checkExpectation'. */
  #checked: WeakSet<ServerResponse> | undefined;
  #isSweeping = false;

  /**
   * @param connections - Where they are added and deleted.
   * @param endings - What ends them in a shutdown. Before that, it is told nothing of a connection.
   */
  constructor(
    connections: ObjectMap<Socket, Http1Connection>,
    endings: Http1Endings,
    newcomers: Newcomers,
  ) {
    this.#connections = connections;
    this.#endings = endings;
    this.#newcomers = newcomers;
  }

  /** How many are open. */
  get size(): number {
    return this.#connections.size;
  }

  /** Those that have made no request. */
  get newcomers(): Newcomer[] {
    const all = [...this.#connections.values()].filter(({ isNewcomer }) => isNewcomer);
    return all.map(({ socket, since }) => [socket, since]);
  }

  /** Whether this is the socket of a connection, so that `onGone` will be called with it. */
  follows(socket: object): boolean {
    return this.#connections.has(socket);
  }

  /** Whether the `'close'` of a socket that has closed will still be heard here. */
  tells(socket: object): boolean {
    const connection = this.#connections.get(socket);
    return connection?.socket.listeners('close').includes(this.#onClose) === true;
  }

  listOpen(list: OpenList): void {
    attemptEach(this.#connections.values(), (each) => listOpen(each, list));
  }

  /** Forgets connections that are gone without an event. */
  sweep(): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    const look = ([socket, connection]: [Socket, Http1Connection]): void => {
      // The census sweeps, too: a connection that has gone without an event is no straggler.
      if (hasLeft(socket)) return this.#forget(socket);
      const isEnding = this.#endings.hasBegun;
      connection.sweep(isEnding);
      if (!isEnding) attemptOf(socket, 'listenerCount', () => this.#lighten(connection));
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
    if (this.#endings.hasBegun) this.#endings.onAccept(connection);
  });

  /** Notes a request whose answer to its `Expect` is left to the owner. */
  readonly check = (request: IncomingMessage, response: ServerResponse): void => {
    this.#checked ??= new WeakSet();
    this.#checked.add(response);
    this.#begin(request, response, true);
  };

  readonly begin = (request: IncomingMessage, response: ServerResponse): void => {
    // A listener for 'checkContinue' may pass it on later, when others have come behind it.
    if (this.#checked?.has(response) !== true) this.#begin(request, response, false);
  };

  #begin(request: IncomingMessage, response: ServerResponse, isChecked: boolean): void {
    const { socket } = request;
    // HTTP/2 requests are heard as streams. An owner's earlier listener may have ended the socket.
    if (isHttp2(response) || !socket || socket.destroyed) return;
    const connection = this.#connectionOf(socket);
    connection.begin(request, response, isChecked);
    if (this.#endings.hasBegun) this.#endings.onBegin(connection);
    this.#settle(socket);
  }

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
    this.#endings.letGo(connection);
    this.#settle(socket);
  };

  #connectionOf(socket: Socket): Http1Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new Http1Connection(socket, this.#endings);
    this.#connections.add(socket, connection);
    this.#newcomers.add(socket);
    socket.on('close', this.#onClose);
    if (this.#endings.hasBegun) this.#endings.onNew(connection);
    return connection;
  }

  readonly #onClose = emitterListener((socket: Socket) => {
    this.#forget(socket);
    this.onGone(socket);
  });

  #forget(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection && this.#endings.hasBegun) this.#endings.letGo(connection);
    this.#connections.delete(socket);
    this.#newcomers.delete(socket);
    this.onChange();
  }

  #settle(newcomer: object): void {
    if (this.#newcomers.delete(newcomer)) this.onChange();
  }
}
