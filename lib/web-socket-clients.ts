import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { attemptEach } from './attempt.ts';
import { harmless } from './harmless.ts';
import { inSlices } from './in-slices.ts';
import type { OpenConnection } from './open-connections.ts';
import { type Addressed, type OnStraggler, stragglerOf } from './straggler.ts';
import { CLOSED, type WebSocketLike } from './web-socket.ts';
import { unref } from './timers.ts';

/** "Going away", of RFC 6455, 7.4.1. */
const GOING_AWAY = 1001;

/** How often to look who has not answered, in milliseconds: ws has no event for what has left. */
const ANSWER_CHECK_MS = 100;

/**
 * How many looks a client has to answer the close frame, and to leave, once it has been sent all: a
 * second. Looks, and not time: however long the event loop was busy, it reads between two of them.
 */
const ANSWER_LOOKS = 10;

/** What is used of a `WebSocketServer` of the package `ws`. */
export interface WebSocketServer extends EventEmitter {
  /** Not there without `clientTracking`. */
  readonly clients?: Iterable<WebSocketLike>;
  /** Throws when it has no HTTP server; `null` when that is not bound. */
  address(): unknown;
  close(): void;
}

const nothing = (): void => {};

/** Who is told of the clients. */
export interface WebSocketClientsHost {
  /** One has come, or was there: what stands for its connection is its socket, where it is known. */
  onClient(subject: OpenConnection): void;
  onStraggler: OnStraggler;
  /** One has gone. */
  onChange(): void;
}

interface Client {
  readonly webSocket: WebSocketLike;
  readonly subject: OpenConnection;
  /** When it came, of `performance.now()`. */
  readonly since: number;
  /** Its socket, where it is known. */
  readonly socket: Addressed | undefined;
  /** How often it was looked at since it was sent all; `undefined` before the goodbye. */
  looks: number | undefined;
}

/** The clients of a `WebSocketServer`, for its end: each is closed with 1001 and has to answer. */
export class WebSocketClients {
  readonly server: WebSocketServer;
  /** Whether it has not emitted `'close'`: its own `close()` would do so again. */
  isServerOpen = true;
  readonly #clients = new Map<WebSocketLike, Client>();
  readonly #host: WebSocketClientsHost;
  #timer: NodeJS.Timeout | undefined;

  constructor(server: WebSocketServer, host: WebSocketClientsHost) {
    this.server = server;
    this.#host = host;
    server.on('connection', this.#add);
    server.on('close', this.#onClose);
    for (const webSocket of server.clients ?? []) this.#add(webSocket);
  }

  /** How many are open. */
  get size(): number {
    return this.#clients.size;
  }

  /** Closes every client that is there and every one that comes. */
  close(): void {
    this.#timer = setInterval(() => this.#terminateSilent(), ANSWER_CHECK_MS);
    unref(this.#timer);
    // Thousands at once would stop the event loop, and take the time of those that answer.
    const all = [...this.#clients.values()];
    inSlices(
      all.map((client) => () => this.#close(client)),
      nothing,
    );
  }

  /** Closes the server itself. */
  closeServer(): void {
    if (this.isServerOpen) this.server.close();
  }

  /** What ends each of them by force, and lists it. */
  ends(): (() => void)[] {
    return [...this.#clients.values()].map((client) => this.#forcedEnd(client));
  }

  /** Forgets those of which nobody has heard that they have gone. */
  sweep(): void {
    attemptEach(this.#clients.keys(), (webSocket) => {
      if (webSocket.readyState === CLOSED) this.#forget(webSocket);
    });
  }

  /** Stops following the server. */
  leave(): void {
    clearInterval(this.#timer);
    this.server.off('connection', this.#add);
    this.server.off('close', this.#onClose);
  }

  readonly #onClose = (): void => {
    this.isServerOpen = false;
  };

  readonly #add = harmless((webSocket: WebSocketLike, request?: IncomingMessage): void => {
    if (this.#clients.has(webSocket) || webSocket.readyState === CLOSED) return;
    const subject: OpenConnection = request?.socket ?? webSocket;
    const { socket } = request ?? {};
    const client = {
      webSocket,
      subject,
      socket,
      since: performance.now(),
      looks: undefined,
    };
    this.#clients.set(webSocket, client);
    this.#host.onClient(subject);
    webSocket.on('close', () => this.#forget(webSocket));
    if (this.#timer) this.#close(client);
  });

  #forget(webSocket: WebSocketLike): void {
    if (this.#clients.delete(webSocket)) this.#host.onChange();
  }

  #close(client: Client): void {
    if (client.webSocket.readyState === CLOSED) return;
    client.looks = 0;
    client.webSocket.close(GOING_AWAY);
  }

  #terminateSilent(): void {
    const silent: Client[] = [];
    attemptEach(this.#clients.values(), (client) => {
      if (client.looks === undefined) return;
      client.looks += 1;
      if (client.webSocket.bufferedAmount > 0) client.looks = 0;
      if (client.looks >= ANSWER_LOOKS) silent.push(client);
    });
    const ends = silent.map((client) => this.#forcedEnd(client));
    inSlices(ends, nothing);
  }

  #forcedEnd({ webSocket, subject, socket, since }: Client): () => void {
    return () => {
      if (webSocket.readyState === CLOSED) return;
      this.#host.onStraggler(stragglerOf('connection', socket, since), subject);
      webSocket.terminate();
    };
  }
}
