import type { Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  /** Whether it is the last one of its connection. */
  readonly saysClose: boolean;
}

/** Reads the answers of one HTTP/1 connection, in order. */
export class Answers {
  hasSaidClose = false;
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #isOver = false;
  #look = (): void => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#look();
    });
    const over = (): void => {
      this.#isOver = true;
      this.#look();
    };
    socket
      .on('end', over)
      .on('close', over)
      .on('error', () => {});
  }

  /** Whether no answer can come any more. */
  get isOver(): boolean {
    return this.#isOver || this.#socket.destroyed;
  }

  /** Whether part of one has come. */
  get hasPart(): boolean {
    return this.#bytes.length > 0;
  }

  /** `undefined` when it does not come, or not to its end. */
  async next(): Promise<Answer | undefined> {
    return await new Promise((resolve) => {
      this.#look = () => {
        const answer = this.#take();
        if (answer === undefined && !this.isOver) return;
        // The next answer may come before somebody asks for it.
        this.#look = () => {};
        resolve(answer);
      };
      this.#look();
    });
  }

  /** All that follows, of a connection that is HTTP no more. */
  async rest(): Promise<Buffer> {
    await new Promise<void>((resolve) => {
      this.#look = () => {
        if (this.isOver) resolve();
      };
      this.#look();
    });
    return this.#bytes;
  }

  #take(): Answer | undefined {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.#bytes.subarray(0, end).toString('latin1').toLowerCase();
    const status = Number(head.slice(9, 12));
    const rest = this.#bytes.subarray(end + 4);
    const message = status === 101 ? { body: rest.subarray(0, 0), length: 0 } : bodyOf(head, rest);
    if (message === undefined) return undefined;
    this.#bytes = rest.subarray(message.length);
    const saysClose = /\r\nconnection: close/.test(head);
    this.hasSaidClose ||= saysClose;
    return { status, body: message.body, saysClose };
  }
}

interface Message {
  readonly body: Buffer;
  /** Of what it took on the wire. */
  readonly length: number;
}

function bodyOf(head: string, bytes: Buffer): Message | undefined {
  if (head.includes('\r\ntransfer-encoding: chunked')) return chunksOf(bytes);
  const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
  return bytes.length < length ? undefined : { body: bytes.subarray(0, length), length };
}

function chunksOf(bytes: Buffer): Message | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = parseInt(bytes.toString('latin1', at, end), 16);
    const next = end + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { body: Buffer.concat(chunks), length: next };
    chunks.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
  }
}
