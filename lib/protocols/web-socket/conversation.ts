/**
 * What a runtime counts of a socket, at no cost for each message. Bun does not count bytes that are
 * read.
 */
export interface Counting {
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  readonly readableLength?: number;
}

interface Speaking {
  on(event: string, listener: (data?: unknown) => void): unknown;
}

/** Bytes of a short frame before its payload, with the mask, as a client sends it. */
const MASKED_HEAD = 6;
/** The same without the mask, as a server sends it. */
const HEAD = 2;

/**
 * When messages of one WebSocket have last come or been sent. Nothing is called for a message.
 * Instead, each look compares the bytes of the socket with those of the look before. A part of a
 * message counts, too. The bytes of pings and pongs are subtracted.
 *
 * If the owner removes all listeners from the WebSocket, pings count as messages. Nothing else
 * changes.
 */
export class Conversation {
  readonly #socket: Counting | undefined;
  /** Bytes of the pings and pongs that came. */
  #control = 0;
  /** Bytes of the pongs and pings that were sent in these exchanges. */
  #sentControl = 0;
  /** Messages that came, where bytes are not counted. */
  #messages = 0;
  #came: number;
  #sent: number | undefined;
  #lastCame: number;
  #lastSent = -Infinity;

  /** @param lastCame - When the last message came, of `performance.now()`. It may be a guess. */
  constructor(socket: Counting | undefined, lastCame: number) {
    this.#socket = socket;
    this.#came = this.#countCame();
    this.#lastCame = lastCame;
  }

  /** The conversation of a client whose upgrade is being answered. */
  static begin(socket: Counting): Conversation {
    const conversation = new Conversation(socket, -Infinity);
    // A client may have sent its first message right behind the upgrade. By then Node has put it
    // back into the socket, and the WebSocket has not read it yet.
    process.nextTick(() => {
      if (socket.readableLength) conversation.#lastCame = performance.now();
    });
    return conversation;
  }

  /** Listens for pings and pongs. Listens for messages only if nothing else tells of them. */
  hear(webSocket: Speaking): void {
    webSocket.on('ping', (data) => {
      this.#control += MASKED_HEAD + lengthOf(data);
      this.#sentControl += HEAD + lengthOf(data);
    });
    webSocket.on('pong', (data) => {
      this.#control += MASKED_HEAD + lengthOf(data);
      // It answers a ping of the server.
      this.#sentControl += HEAD + lengthOf(data);
    });
    if (!this.#socket?.bytesRead) webSocket.on('message', () => (this.#messages += 1));
  }

  /**
   * Notes whether a message has come since the look before, and once followed, whether one was
   * sent.
   */
  look(now: number): void {
    const came = this.#countCame();
    if (came > this.#came) this.#lastCame = now;
    this.#came = came;
    if (this.#sent !== undefined) this.#lookAtSent(now, this.#sent);
  }

  /**
   * From now on also notes what is sent. Counting that takes longer while much has still to leave.
   */
  follow(): void {
    this.#sent = this.#countSent();
  }

  /** Whether a message has come since that time. */
  hasCome(since: number): boolean {
    return this.#lastCame > since;
  }

  /** Whether a message has come since that time, or once followed, was sent. */
  isAlive(since: number): boolean {
    return this.#lastCame > since || this.#lastSent > since;
  }

  #lookAtSent(now: number, before: number): void {
    this.#sent = this.#countSent();
    if (this.#sent > before) this.#lastSent = now;
  }

  #countCame(): number {
    return (this.#socket?.bytesRead ?? 0) + this.#messages - this.#control;
  }

  #countSent(): number {
    return (this.#socket?.bytesWritten ?? 0) - this.#sentControl;
  }
}

function lengthOf(data: unknown): number {
  return (data as { readonly length?: number } | undefined)?.length ?? 0;
}
