import { connect as connectSocket, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { certificate } from './certificate.ts';
import { portOf } from './sockets.ts';

/** Of RFC 9113, 6. */
export const frameTypes = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
} as const;

const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;

/** What the first of two GOAWAYs names: the highest id that a stream can have. */
export const ANY_STREAM: number = 2 ** 31 - 1;

/** "Not processed: safe to retry", of RFC 9113, 7. */
export const REFUSED_STREAM = 7;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

interface FrameOptions {
  readonly type: number;
  readonly flags?: number;
  readonly stream?: number;
  readonly payload?: Buffer;
}

/**
 * A client of HTTP/2 that does nothing by itself but answer SETTINGS: each frame is told to it. It
 * may have a socket that has said nothing of TLS so far.
 */
export class FrameClient {
  readonly socket: Socket;
  /** What has come, in order. */
  readonly frames: Frame[] = [];
  /** Whether the server has closed it. */
  readonly closed: Promise<void>;
  readonly #scheme: number;
  readonly #waiting = new Set<() => void>();
  #rest: Buffer = Buffer.alloc(0);

  constructor(
    server: Server,
    scheme: 'http' | 'https' = 'http',
    { allowHalfOpen = false, socket }: { allowHalfOpen?: boolean; socket?: Socket } = {},
  ) {
    const where = socket ? { socket } : { port: portOf(server), host: '127.0.0.1', allowHalfOpen };
    const isSecure = scheme === 'https';
    const secure = { ca: certificate.cert, servername: 'localhost', ALPNProtocols: ['h2'] };
    this.socket = isSecure
      ? connectSecure({ ...where, ...secure })
      : connectSocket(where as NetConnectOpts);
    // Of the static table: `:scheme`.
    this.#scheme = isSecure ? 0x87 : 0x86;
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    this.send({ type: frameTypes.settings });
  }

  /** The last stream ids of the GOAWAYs that have come. A runtime may say the last one again. */
  get goaways(): number[] {
    const goaways = this.frames.filter(({ type }) => type === frameTypes.goaway);
    const ids = goaways.map(({ payload }) => payload.readUInt32BE(0));
    return ids.filter((id, index) => id !== ids[index - 1]);
  }

  /** What has come of the body of a stream. */
  bodyOf(stream: number): string {
    const ofStream = this.frames.filter((frame) => frame.stream === stream);
    const parts = ofStream.filter(({ type }) => type === frameTypes.data);
    return Buffer.concat(parts.map(({ payload }) => payload)).toString();
  }

  /** Whether a stream has come to its end, and not by a reset. */
  hasEnded(stream: number): boolean {
    return this.frames.some((frame) => {
      const bears = frame.type === frameTypes.data || frame.type === frameTypes.headers;
      return bears && frame.stream === stream && (frame.flags & END_STREAM) !== 0;
    });
  }

  /** Waits for what has come, or comes. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      // oxlint-disable-next-line no-await-in-loop -- One frame after the other.
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Waits for a frame. */
  async frame(wanted: (frame: Frame) => boolean): Promise<Frame> {
    await this.until(() => this.frames.some(wanted));
    return this.frames.find(wanted) as Frame;
  }

  /** Answers the PING that has come, or comes. */
  async answerPing(): Promise<void> {
    const { payload } = await this.frame(isPing);
    this.send({ type: frameTypes.ping, flags: ACK, payload });
  }

  /** Asks, with no body; or with one that never comes. */
  request(stream: number, path: string, { hasBody = false }: { hasBody?: boolean } = {}): void {
    // HPACK: indexed fields of the static table, and literals whose names are in it.
    const payload = Buffer.concat([
      Buffer.from([hasBody ? 0x83 : 0x82, this.#scheme, 0x01, 9]),
      Buffer.from('localhost'),
      Buffer.from([0x04, path.length]),
      Buffer.from(path),
    ]);
    const flags = hasBody ? END_HEADERS : END_STREAM | END_HEADERS;
    this.send({ type: frameTypes.headers, flags, stream, payload });
  }

  send({ type, flags = 0, stream = 0, payload = Buffer.alloc(0) }: FrameOptions): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    this.socket.write(Buffer.concat([head, payload]));
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      if (this.#rest.length < 9) break;
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) break;
      this.#take({
        type: this.#rest.readUInt8(3),
        flags: this.#rest.readUInt8(4),
        stream: this.#rest.readUInt32BE(5) & 0x7f_ff_ff_ff,
        payload: this.#rest.subarray(9, end),
      });
      this.#rest = this.#rest.subarray(end);
    }
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #take(frame: Frame): void {
    this.frames.push(frame);
    const { type, flags } = frame;
    if (type === frameTypes.settings && flags !== ACK) this.send({ type, flags: ACK });
  }
}

export function isPing({ type, flags }: Frame): boolean {
  return type === frameTypes.ping && flags !== ACK;
}

/** A client that has made a request, and waits. */
export async function idleClient(
  ...where: ConstructorParameters<typeof FrameClient>
): Promise<FrameClient> {
  const client = new FrameClient(...where);
  client.request(1, '/first');
  await client.until(() => client.hasEnded(1));
  return client;
}
