import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { Outcome } from '../storm/account.ts';
import { sleep } from '../storm/clock.ts';
import { contentOf, isContent } from '../storm/content.ts';
import { isSecure, type Want } from '../storm/plan.ts';
import { wishOf } from '../storm/wishes.ts';
import { isRefused, type Trip } from './trip.ts';

/**
 * The bytes that may come before the client has asked for more. It cannot be slow by not reading:
 * what Node has not been asked for yet is lost when the connection ends. Much smaller, and so many
 * round trips take longer than any grace where the machine has more to do.
 */
const SMALL_WINDOW = 32_768;

/** A client of HTTP/2 that asks in turn or all at once, and begins a new session when told to go. */
export async function visitHttp2(trip: Trip): Promise<void> {
  const { wants, style } = trip.visit;
  const browser = new Browser(trip);
  if (style === 'asks' || style === 'slow') {
    for (const want of wants) {
      await sleep(want.thinks);
      if (!(await browser.ask(want))) break;
    }
  } else await Promise.all(wants.map((want) => browser.ask(want)));
  await browser.leave();
}

class Browser {
  readonly #trip: Trip;
  #session: ClientHttp2Session | undefined;
  #opening: Promise<ClientHttp2Session | undefined> | undefined;

  constructor(trip: Trip) {
    this.#trip = trip;
  }

  /** Whether there is somebody to ask. */
  async ask(want: Want): Promise<boolean> {
    const trip = this.#trip;
    const session = await this.#usable();
    if (session === undefined) {
      trip.conclude(want, isRefused(trip.connection) ? 'refused' : 'unsent');
      return false;
    }
    trip.asks(want);
    trip.conclude(want, await this.#request(session, want));
    return true;
  }

  async leave(): Promise<void> {
    const session = this.#session;
    if (session === undefined || session.destroyed) return;
    const closed = new Promise((resolve) => session.once('close', resolve));
    session.close();
    await closed;
  }

  #usable(): Promise<ClientHttp2Session | undefined> {
    const session = this.#session;
    const isOver = session?.closed === true || session?.destroyed === true;
    if (this.#opening === undefined || isOver) {
      this.#session = undefined;
      this.#opening = this.#open();
    }
    return this.#opening;
  }

  async #open(): Promise<ClientHttp2Session | undefined> {
    const { kind } = this.#trip;
    const socket: Socket = this.#trip.connect({ protocol: 'h2' });
    const scheme = isSecure(kind) ? 'https' : 'http';
    const settings = this.#trip.visit.style === 'slow' ? { initialWindowSize: SMALL_WINDOW } : {};
    const session = connect(`${scheme}://localhost`, { createConnection: () => socket, settings });
    this.#trip.onImpatience(() => session.destroy());
    session.on('error', ({ message }) => this.#trip.note(`session: ${message}`));
    session.on('goaway', (code, last) => this.#trip.note(`GOAWAY ${code}, ${last}`));
    const isOpen = await new Promise((resolve) => {
      session.once('connect', () => resolve(true)).once('close', () => resolve(false));
    });
    this.#session = session;
    return isOpen && !session.closed && !session.destroyed ? session : undefined;
  }

  async #request(session: ClientHttp2Session, want: Want): Promise<Outcome> {
    const method = want.upload > 0 ? 'POST' : 'GET';
    let stream: ClientHttp2Stream;
    try {
      stream = session.request({ ':path': `/${wishOf(want, '/')}`, ':method': method });
    } catch {
      // It has been told to go in this very turn.
      return 'unsent';
    }
    let status = 0;
    let length = 0;
    const chunks: Buffer[] = [];
    stream.on('error', ({ message }) => this.#trip.note(`${want.key}: ${message}`));
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
      length = Number(headers['content-length'] ?? 0);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    if (want.upload > 0) stream.end(contentOf(`${want.key} upload`, want.upload));
    if (this.#trip.visit.style === 'cancels') {
      setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), this.#trip.visit.moment);
    }
    let hasEnded = false;
    stream.once('end', () => (hasEnded = true));
    await new Promise((resolve) => stream.once('close', resolve));
    if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return 'retry';
    const body = Buffer.concat(chunks);
    // Node's client takes a connection that is lost behind a GOAWAY for a clean end.
    const isClean = hasEnded && stream.rstCode === 0 && body.length >= length;
    return outcomeOf(want, status, body, isClean);
  }
}

function outcomeOf({ key, size }: Want, status: number, body: Buffer, isClean: boolean): Outcome {
  if (status === 0) return 'nothing';
  if (status === 500) return 'failed';
  if (status === 503) return 'unavailable';
  if (!isClean) return 'cut';
  // Without an error, a body that ends too soon passes for a whole one.
  return status === 200 && isContent(body, key, size) ? 'whole' : 'wrong';
}
