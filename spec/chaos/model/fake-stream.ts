import { Duplex } from 'node:stream';
import { resetError, type SocketTraits } from './fake-socket.ts';

type Callback = (error?: Error | null) => void;

/** Who has ended a stream by force, and when. */
export interface Destruction {
  readonly by: 'client' | 'handler' | 'library' | 'itself';
  readonly at: number;
}

/**
 * A socket whose client is told what to do: a real stream, with the ends, the flow and the errors
 * of one. What is written has left when the client has read it.
 */
export class FakeStream extends Duplex {
  readonly id: number;
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort: number;
  bytesRead = 0;
  refusals = 0;
  onGone = (): void => {};
  destruction: Destruction | undefined;
  /** When our side was ended, though bytes may still have to leave. */
  endedAt = Infinity;
  /** When everything had left, of the history's time. */
  finishedAt = Infinity;
  /** Whether the client reads. */
  reads = true;
  /** Whether the client has ended its side. */
  hasEnded = false;
  readonly #hasReset: boolean;
  readonly #now: () => number;
  /** Who acts now. */
  #actor: Destruction['by'] = 'library';
  #unread: Callback | undefined;

  constructor(id: number, { allowHalfOpen, hasReset }: SocketTraits, now: () => number) {
    super({ allowHalfOpen });
    this.id = id;
    this.remotePort = 10_000 + id;
    this.#hasReset = hasReset;
    this.#now = now;
  }

  /** Acts as somebody else than the library. */
  as(actor: Destruction['by'], act: (stream: this) => void): void {
    this.#actor = actor;
    act(this);
    this.#actor = 'library';
  }

  /** The client reads all that is there, or no more. */
  clientReads(reads: boolean): void {
    this.reads = reads;
    if (reads) this.#unread?.();
    if (reads) this.#unread = undefined;
  }

  clientWrites(): void {
    if (this.hasEnded || this.destroyed) return;
    this.bytesRead += 1;
    this.push('x');
  }

  clientEnds(): void {
    if (this.hasEnded || this.destroyed) return;
    this.hasEnded = true;
    this.push(null);
    // As a socket does, so that the end of one that nobody reads is seen.
    if (this.readableLength === 0) this.read(0);
  }

  clientResets(): void {
    this.as('client', () => super.destroy(resetError));
  }

  resetAndDestroy(): void {
    if (!this.#hasReset) {
      throw Object.assign(new Error('no reset'), { code: 'ERR_INVALID_HANDLE_TYPE' });
    }
    this.refusals += 1;
    this.destroy();
  }

  override destroy(error?: Error): this {
    const isOver = this.readableEnded && this.writableFinished;
    const by = isOver && this.#actor === 'library' ? 'itself' : this.#actor;
    if (!this.destroyed) this.destruction = { by, at: this.#now() };
    return super.destroy(error);
  }

  /** Whether it was cut after our side had ended, because what was written had not left. */
  get wasCut(): boolean {
    const isLate = this.endedAt < Infinity && this.finishedAt === Infinity;
    return this.destruction?.by === 'library' && isLate;
  }

  override end(...args: unknown[]): this {
    this.endedAt = Math.min(this.endedAt, this.#now());
    return super.end(...(args as []));
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, callback: Callback): void {
    if (this.reads) process.nextTick(callback);
    else this.#unread = callback;
  }

  override _final(callback: Callback): void {
    const finish = (): void => {
      this.finishedAt = this.#now();
      callback();
    };
    if (this.reads) process.nextTick(finish);
    else this.#unread = finish;
  }

  override _destroy(error: Error | null, callback: Callback): void {
    process.nextTick(() => {
      this.onGone();
      callback(error);
    });
  }
}
