/** What a runtime counts of a socket, which costs nothing for each message. Bun counts none that are read. */
export interface Counting {
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  readonly readableLength?: number;
}

interface Speaking {
  on(event: string, listener: (data?: unknown) => void): unknown;
}

/** Bytes of a frame before what it carries, if that is short: with the mask, as a client sends it. */
const MASKED_HEAD = 6;
/** Without, as a server sends it. */
const HEAD = 2;

/**
 * When messages of one WebSocket have last been on the way. Nothing is called for a message: the
 * bytes of the socket are compared with those of the look before, less those of pings and pongs, so
 * that a message counts of which only a part has arrived. Whoever takes all listeners off keeps
 * pings from being told from messages, and nothing else.
 */
export class Conversation {
  readonly #socket: Counting | undefined;
  /** Bytes of pings and pongs that came. */
  #control = 0;
  /** Bytes of the pongs and pings that were sent for them. */
  #sentControl = 0;
  /** Where bytes are not counted. */
  #messages = 0;
  #came: number;
  #sent: number | undefined;
  #lastCame: number;
  #lastSent = -Infinity;

  /** @param lastCame - Of `performance.now()`: when the last message came, as far as is known. */
  constructor(socket: Counting | undefined, lastCame: number) {
    this.#socket = socket;
    this.#came = this.#countCame();
    this.#lastCame = lastCame;
  }

  /** One that begins with an upgrade that is being answered. */
  static begin(socket: Counting): Conversation {
    const conversation = new Conversation(socket, -Infinity);
    // A client may have written its first message behind the upgrade. It is put back for the
    // WebSocket by then, which has not read it yet.
    process.nextTick(() => {
      if (socket.readableLength) conversation.#lastCame = performance.now();
    });
    return conversation;
  }

  /** Listens to what is no message; and to messages where nothing else tells of them. */
  hear(webSocket: Speaking): void {
    webSocket.on('ping', (data) => {
      this.#control += MASKED_HEAD + lengthOf(data);
      this.#sentControl += HEAD + lengthOf(data);
    });
    webSocket.on('pong', (data) => {
      this.#control += MASKED_HEAD + lengthOf(data);
      // It answers a ping of the server's.
      this.#sentControl += HEAD + lengthOf(data);
    });
    if (!this.#socket?.bytesRead) webSocket.on('message', () => (this.#messages += 1));
  }

  /** Notes whether something has come since the look before; once it is followed, been sent, too. */
  look(now: number): void {
    const came = this.#countCame();
    if (came > this.#came) this.#lastCame = now;
    this.#came = came;
    if (this.#sent !== undefined) this.#lookAtSent(now, this.#sent);
  }

  /** From now on what is sent is noted, too: to count it takes longer where much is still to leave. */
  follow(): void {
    this.#sent = this.#countSent();
  }

  /** Whether a message has come since then. */
  hasCome(since: number): boolean {
    return this.#lastCame > since;
  }

  /** Whether one has come or, since it is followed, been sent since then. */
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
