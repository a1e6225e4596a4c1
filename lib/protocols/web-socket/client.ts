import { ANSWER_LOOKS } from '../../bounds.ts';
import type { Conversation } from './conversation.ts';
import type { AnySocket } from '../protocol.ts';
import type { OpenState, Straggler } from '../../reports.ts';
import { attemptOf } from '../../primitives/hear.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import { type Addressed, type OnStraggler, stragglerOf } from '../../shutdown/stragglers.ts';
import { CLOSED, unsentOf, type WebSocketLike } from './web-socket.ts';

/** "Going away", of RFC 6455, 7.4.1. */
const GOING_AWAY = 1001;

/** One client of a `WebSocketServer` that is drained. */
export class WebSocketClient {
  /** What stands for its connection: its socket, where that is known. */
  readonly subject: AnySocket;
  readonly #webSocket: WebSocketLike;
  readonly #socket: Addressed | undefined;
  readonly #conversation: Conversation;
  /** When it came, of `performance.now()`. */
  readonly #since = performance.now();
  /** How often it was looked at since it was sent all; `undefined` before the goodbye. */
  #looks: number | undefined;

  constructor(webSocket: WebSocketLike, socket: AnySocket | undefined, conversation: Conversation) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#conversation = conversation;
    this.subject = socket ?? webSocket;
  }

  get isClosed(): boolean {
    return this.#webSocket.readyState === CLOSED;
  }

  /** Notes whether it has said something since the look before. */
  look(now: number): void {
    this.#conversation.look(now);
  }

  /** Whether it is told later: a message has come from it since then. From now on it is followed. */
  waits(since: number): boolean {
    this.#conversation.look(performance.now());
    this.#conversation.follow();
    return this.#conversation.hasCome(since);
  }

  /** Whether a message has been on the way since then. */
  isAlive(since: number): boolean {
    return this.#conversation.isAlive(since);
  }

  get isTold(): boolean {
    return this.#looks !== undefined;
  }

  /** Tells it to go, unless it was told. */
  tell(): void {
    if (this.isTold || this.isClosed) return;
    this.#looks = 0;
    this.#webSocket.close(GOING_AWAY);
  }

  /** One more look at it. @returns Whether it was told, and has had the time of an answer. */
  isOverdue(): boolean {
    if (this.#looks === undefined) return false;
    const unsent = unsentOf(this.#webSocket, this.#socket);
    this.#looks = unsent > 0 ? 0 : this.#looks + 1;
    return this.#looks >= ANSWER_LOOKS;
  }

  /** Lists it, unless it has closed. */
  listOpen(list: OpenList): void {
    if (attemptOf(this.subject, 'isClosed', () => this.isClosed)) return;
    const state = attemptOf(this.subject, 'state', () => this.#openState) ?? 'running';
    list.add(this.subject, state, this.#since, () => this.#describe());
  }

  get #openState(): OpenState {
    if (!this.isTold) return 'running';
    return unsentOf(this.#webSocket, this.#socket) > 0 ? 'flushing' : 'lingering';
  }

  #describe(): Straggler {
    return stragglerOf('connection', this.#socket, this.#since);
  }

  /** Ends it by force, and lists it. Who was not told is told all the same. */
  terminate(onStraggler: OnStraggler): void {
    if (this.isClosed) return;
    onStraggler(this.#describe(), this.subject);
    try {
      this.tell();
    } finally {
      this.#webSocket.terminate();
    }
  }
}
