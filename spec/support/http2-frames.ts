import { connect as connectSocket, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { certificate } from './certificate.ts';
import { portOf } from './sockets.ts';

/** Frame types of RFC 9113, section 6. */
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

/** The highest id that a stream can have. The first of two GOAWAYs names it. */
export const ANY_STREAM: number = 2 ** 31 - 1;

/** The error code for "not processed: safe to retry" of RFC 9113, section 7. */
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
 * An HTTP/2 client that by itself only answers SETTINGS. The test sends every other frame. The
 * client may be given a connected socket on which TLS has not begun.
 */
export class FrameClient {
  readonly socket: Socket;
  /** The frames that have come, in order. */
  readonly frames: Frame[] = [];
  /** Resolves when the connection has closed. */
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
    // The index of `:scheme` in the static table of HPACK: `https` or `http`.
    this.#scheme = isSecure ? 0x87 : 0x86;
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    this.send({ type: frameTypes.settings });
  }

  /**
   * The last stream ids of the GOAWAYs that have come. A GOAWAY that repeats the last is left out.
   */
  get goaways(): number[] {
    const goaways = this.frames.filter(({ type }) => type === frameTypes.goaway);
    const ids = goaways.map(({ payload }) => payload.readUInt32BE(0));
    return ids.filter((id, index) => id !== ids[index - 1]);
  }

  /** The part of a stream's body that has come. */
  bodyOf(stream: number): string {
    const ofStream = this.frames.filter((frame) => frame.stream === stream);
    const parts = ofStream.filter(({ type }) => type === frameTypes.data);
    return Buffer.concat(parts.map(({ payload }) => payload)).toString();
  }

  /** Whether a stream has ended in order, and not by a reset. */
  hasEnded(stream: number): boolean {
    return this.frames.some((frame) => {
      const bears = frame.type === frameTypes.data || frame.type === frameTypes.headers;
      return bears && frame.stream === stream && (frame.flags & END_STREAM) !== 0;
    });
  }

  /** Waits until `holds` returns `true`. It is called now, and after each chunk that comes. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      // oxlint-disable-next-line no-await-in-loop -- One frame after the other.
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Waits for a frame that has come, or will come. */
  async frame(wanted: (frame: Frame) => boolean): Promise<Frame> {
    await this.until(() => this.frames.some(wanted));
    return this.frames.find(wanted) as Frame;
  }

  /** Answers the PING that has come, or will come. */
  async answerPing(): Promise<void> {
    const { payload } = await this.frame(isPing);
    this.send({ type: frameTypes.ping, flags: ACK, payload });
  }

  /** Makes a request without a body, or with a body that never comes. */
  request(stream: number, path: string, { hasBody = false }: { hasBody?: boolean } = {}): void {
    // HPACK: indexed fields of the static table, and literals with names from that table.
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

/** Opens a client that has made a request and received the answer. */
export async function idleClient(
  ...where: ConstructorParameters<typeof FrameClient>
): Promise<FrameClient> {
  const client = new FrameClient(...where);
  client.request(1, '/first');
  await client.until(() => client.hasEnded(1));
  return client;
}
