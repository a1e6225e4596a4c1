import { ANSWER_LOOKS } from '../../bounds.ts';
import type { Conversation } from './conversation.ts';
import type { AnySocket } from '../protocol.ts';
import type { OpenState, Straggler } from '../../reports.ts';
import { attemptOf } from '../../primitives/hear.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import { type Addressed, type OnStraggler, stragglerOf } from '../../shutdown/stragglers.ts';
import { CLOSED, hasSentAll, type WebSocketLike } from './web-socket.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';

/** "Going away", of RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001;

/** A client of a `WebSocketServer` that is drained. */
export class WebSocketClient {
  /** What stands for its connection: its socket, if that is known. */
  readonly subject: AnySocket;
  readonly #webSocket: WebSocketLike;
  readonly #socket: Addressed | undefined;
  readonly #conversation: Conversation;
  /** When it came, of `performance.now()`. */
  readonly #since = performance.now();
  /**
   * How many looks have passed since everything had been sent to it; `undefined` before it is told.
   */
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

  /** Notes whether the client has sent something since the look before. */
  look(now: number): void {
    this.#conversation.look(now);
  }

  /**
   * Whether it is told later, because a message has come from it since that time. From now on it is
   * followed.
   */
  waits(since: number): boolean {
    this.#conversation.look(performance.now());
    this.#conversation.follow();
    return this.#conversation.hasCome(since);
  }

  /** Whether a message has come from it or was sent to it since that time. */
  isAlive(since: number): boolean {
    return this.#conversation.isAlive(since);
  }

  get isTold(): boolean {
    return this.#looks !== undefined;
  }

  /** Tells the client that it has to go, by a close frame, unless it has been told. */
  tell(): void {
    if (this.isTold || this.isClosed) return;
    this.#looks = 0;
    warnOfRejection(this.#webSocket.close(GOING_AWAY));
  }

  /**
   * Looks at the client once more.
   *
   * @returns Whether it was told, and has had enough time to answer.
   */
  isOverdue(): boolean {
    if (this.#looks === undefined) return false;
    // If the owner's getter throws, the time to answer begins.
    const hasSent = attemptOf(this.subject, 'bufferedAmount', () => hasSentAll(this.#webSocket));
    this.#looks = hasSent === false ? 0 : this.#looks + 1;
    return this.#looks >= ANSWER_LOOKS;
  }

  /** Lists the client, unless it has closed. */
  listOpen(list: OpenList): void {
    if (attemptOf(this.subject, 'isClosed', () => this.isClosed)) return;
    const state = attemptOf(this.subject, 'state', () => this.#openState) ?? 'running';
    list.add(this.subject, state, this.#since, () => this.#describe());
  }

  get #openState(): OpenState {
    if (!this.isTold) return 'running';
    return hasSentAll(this.#webSocket) ? 'lingering' : 'flushing';
  }

  #describe(): Straggler {
    return stragglerOf('connection', this.#socket, this.#since);
  }

  /** Ends the client by force, and lists it. A client that was not told is told all the same. */
  terminate(onStraggler: OnStraggler): void {
    if (this.isClosed) return;
    onStraggler(this.#describe(), this.subject);
    try {
      this.tell();
    } finally {
      warnOfRejection(this.#webSocket.terminate());
    }
  }
}
