import { CLIENTS_LOOK_MS } from '../../bounds.ts';
import type { IncomingMessage } from 'node:http';
import { after } from '../../primitives/after.ts';
import { attempt } from '../../primitives/attempt.ts';
import { Conversation, type Counting } from './conversation.ts';
import { harmless } from '../../primitives/harmless.ts';
import { eachInSlices, type End } from '../../shutdown/in-slices.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import type { GoodbyeTimes, UpgradedHost } from '../trackers.ts';
import { hasMethods } from '../any-event.ts';
import type { AnySocket } from '../protocol.ts';
import { WebSocketClient } from './client.ts';
import { CLOSED, socketOf, type WebSocketLike } from './web-socket.ts';
import type { WebSocketServer } from './web-socket-server.ts';
import { attemptOf, hear, unhear } from '../../primitives/hear.ts';
import { unref } from '../../primitives/timers.ts';
import { ObjectMap } from '../../primitives/object-map.ts';

const methods = ['on', 'close', 'terminate'];

/** The code that is told of the clients. */
type WebSocketClientsHost = Pick<UpgradedHost, 'onClient' | 'onStraggler' | 'onChange'>;

/**
 * The clients of a `WebSocketServer`, which a shutdown has to end. Each is told by the close code
 * 1001, and has to answer.
 *
 * A silent client is told at once. A client is in conversation if a message has come from it in the
 * last `idle` milliseconds. It is told later:
 *
 * - when for `idle` no message has come from it or was sent to it;
 * - at the latest time for all clients.
 *
 * A part of a message counts as a message, and a ping does not.
 */
export class WebSocketClients {
  readonly server: WebSocketServer;
  /** Whether the server has not emitted `'close'` yet. Its `close()` would emit it again. */
  isServerOpen = true;
  readonly #clients = new ObjectMap<WebSocketLike, WebSocketClient>();
  /** By their sockets: they begin with the upgrade, whatever code then gets the WebSocket. */
  readonly #conversations = new WeakMap<object, Conversation>();
  readonly #host: WebSocketClientsHost;
  #times: GoodbyeTimes | undefined;
  #looks: NodeJS.Timeout | undefined;
  #last: NodeJS.Timeout | undefined;
  #isAtWork = false;
  #isSweeping = false;
  #next: ((client: WebSocketClient) => void) | undefined;

  constructor(server: WebSocketServer, host: WebSocketClientsHost) {
    this.server = server;
    this.#host = host;
    hear(server, 'headers', this.#onUpgrade);
    hear(server, 'connection', this.#add);
    hear(server, 'close', this.#onClose);
    this.#addTracked();
  }

  /** How many are open. */
  get size(): number {
    return this.#clients.size;
  }

  listOpen(list: OpenList): void {
    for (const client of this.#clients.values()) client.listOpen(list);
  }

  /** Tells every client that is there, and every client that comes later. */
  goAway(times: GoodbyeTimes): void {
    this.#addTracked();
    this.#times = times;
    this.#looks = setInterval(() => this.#look(times), CLIENTS_LOOK_MS);
    unref(this.#looks);
    const now = performance.now();
    const isLast = times.latest <= now;
    if (!isLast) this.#last = after(times.latest - now, () => this.#tellRest());
    const since = isLast ? Infinity : now - times.idle;
    this.#inSlices((client) => {
      if (!client.waits(since)) client.tell();
    });
  }

  /** Closes the server itself, unless it has closed. */
  closeServer(): void {
    if (this.isServerOpen) attemptOf(this.server, 'close', () => this.server.close());
  }

  /** What ends each client by force, and lists it. */
  force(): End[] {
    const { onStraggler } = this.#host;
    return [...this.#clients.values()].map((client) => () => client.terminate(onStraggler));
  }

  /**
   * Forgets clients that are gone without an event, and finds clients that have come without one.
   */
  sweep(): void {
    if (!this.#isSweeping) {
      this.#isSweeping = true;
      const now = performance.now();
      const look = ([webSocket, client]: [WebSocketLike, WebSocketClient]): void => {
        if (client.isClosed) this.#forget(webSocket);
        else if (!this.#times) client.look(now);
      };
      eachInSlices(this.#clients, look, () => (this.#isSweeping = false));
    }
    const size = attemptOf(this.server, 'size', () => this.#tracked?.size);
    if (size !== this.#clients.size) this.#addTracked();
  }

  /** Stops following the server. */
  unfollow(): void {
    clearInterval(this.#looks);
    clearTimeout(this.#last);
    unhear(this.server, 'headers', this.#onUpgrade);
    unhear(this.server, 'connection', this.#add);
    unhear(this.server, 'close', this.#onClose);
  }

  readonly #onClose = (): void => {
    this.isServerOpen = false;
  };

  readonly #onUpgrade = (_headers: unknown, request?: IncomingMessage): void => {
    const socket = request?.socket;
    if (socket) attempt(() => this.#conversations.set(socket, Conversation.begin(socket)));
  };

  readonly #add = harmless((webSocket: WebSocketLike, request?: IncomingMessage): void => {
    if (this.#clients.has(webSocket) || webSocket.readyState === CLOSED) return;
    const socket = request?.socket ?? socketOf(webSocket);
    const conversation = this.#conversationOf(socket);
    const client = new WebSocketClient(webSocket, socket, conversation);
    this.#clients.set(webSocket, client);
    this.#host.onClient(client.subject);
    webSocket.on('close', () => this.#forget(webSocket));
    conversation.hear(webSocket);
    if (this.#times) client.tell();
  });

  /** Other code may have handed the server an upgrade without emitting `'connection'`. */
  #addTracked(): void {
    const tracked = this.#tracked ?? [];
    // The property is its owner's: it may be no set, and have anything in it.
    attemptOf(this.server, 'clients', () => {
      for (const each of tracked) if (hasMethods(each, methods)) this.#add(each);
    });
  }

  get #tracked(): WebSocketServer['clients'] {
    return attemptOf(this.server, 'clients', () => this.server.clients);
  }

  /**
   * If the upgrade was not heard, it is unknown when the client has sent a message. So it counts as
   * having sent one now.
   */
  #conversationOf(socket: AnySocket | undefined): Conversation {
    const known = socket && this.#conversations.get(socket);
    return known ?? new Conversation(socket as Counting | undefined, performance.now());
  }

  #forget(webSocket: WebSocketLike): void {
    if (this.#clients.delete(webSocket)) this.#host.onChange();
  }

  /** Tells the clients that have been silent for long enough. Ends those that have not answered. */
  #look(times: GoodbyeTimes): void {
    this.#inSlices((client) => {
      if (!client.isTold) this.#tellIfDue(client, times);
      else if (client.isOverdue()) client.terminate(this.#host.onStraggler);
    });
  }

  /** Tells every client that has not been told. For the others, this does not count as a look. */
  #tellRest(): void {
    this.#inSlices((client) => client.tell());
  }

  #tellIfDue(client: WebSocketClient, { idle, latest }: GoodbyeTimes): void {
    const now = performance.now();
    client.look(now);
    if (now >= latest || !client.isAlive(now - idle)) client.tell();
  }

  /**
   * Does this with each client. Thousands at once would block the event loop, and take time from the
   * clients that answer. While it is being done, a further action has to wait, and replaces the one
   * that waits.
   */
  #inSlices(action: (client: WebSocketClient) => void): void {
    if (this.#isAtWork) {
      this.#next = action;
      return;
    }
    this.#isAtWork = true;
    eachInSlices(this.#clients.values(), action, () => {
      this.#isAtWork = false;
      const next = this.#next;
      this.#next = undefined;
      if (next) this.#inSlices(next);
    });
  }
}
