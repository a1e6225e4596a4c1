import { FIRST_REQUEST_MS, LINGER_MS, ROUND_TRIP_MS } from '../../bounds.ts';
import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Alarm, type Alarms } from './alarm.ts';
import { attempt } from '../../primitives/attempt.ts';
import { countsAllStreams } from '../../primitives/runtime.ts';
import { type Cuttable, followed } from './cut-session.ts';
import { cutStream } from './exchange.ts';
import { emitterListener } from '../../primitives/emitter-listener.ts';
import type { Patience } from '../trackers.ts';
import { hasLeft } from '../../primitives/has-left.ts';
import { attemptOf } from '../../primitives/hear.ts';
import type { OpenState, Straggler } from '../../reports.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import { type OnStraggler, stragglerOf } from '../../shutdown/stragglers.ts';
import { requestLineIn } from './request-line.ts';
import { setImmediate } from '../../primitives/timers.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';

/** The highest id that a stream can have. */
const ANY_STREAM = 2 ** 31 - 1;

/**
 * One HTTP/2 session, which ends by two GOAWAYs:
 *
 * 1. The first tells the client to begin no more streams.
 * 2. The second, a round trip later, names the last stream that is served. Streams after that were
 *    refused, so that a retry is safe.
 *
 * nghttp2 refuses streams that cross the first GOAWAY already. If the session then has no stream,
 * it reads nothing more of it. So the first GOAWAY is sent while the client waits for an answer. A
 * client that makes one request after the other has nothing on the way at that time.
 *
 * An idle session has its time for one more request, as an HTTP/1 connection has.
 */
export class Http2Connection implements Cuttable {
  readonly #session: Http2Session;
  /** Missing if the session was destroyed before. */
  readonly #socket: Socket | TLSSocket | undefined;
  /** When it was accepted, of `performance.now()`. */
  readonly since: number = performance.now();
  /** The open streams, with the headers of their requests, which nothing else leads to. */
  readonly #streams = new Map<ServerHttp2Stream, IncomingHttpHeaders>();
  #isNew = true;
  #isClosing = false;
  #isLeaving = false;
  /** Whether it had a stream before it was followed. Of such streams nothing is known. */
  readonly #isEarlier: boolean;
  /** When it was first seen with nothing left to serve or to send, of `performance.now()`. */
  #servedSince = 0;
  readonly #alarm: Alarm;

  /**
   * @param session - A session that is not destroyed.
   * @param onClose - Called when its socket has closed. On Bun that comes after the end of the
   * session.
   */
  constructor(session: Http2Session, alarms: Alarms, onClose: () => void) {
    this.#session = session;
    this.#isEarlier = session.state.lastProcStreamID !== 0;
    this.#alarm = new Alarm(alarms);
    const close = (): void => {
      this.#alarm.clear();
      followed.delete(session);
      onClose();
    };
    // once() returns the socket itself. `session.socket` is a proxy that cannot end it.
    this.#socket = session.socket.once('close', close);
    followed.set(session, this);
  }

  /** Whether the session is gone, perhaps without an event. */
  get hasLeft(): boolean {
    return this.#session.destroyed && (!this.#socket || hasLeft(this.#socket));
  }

  /** Whether it has made no request. */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** The first stream whose answer has not ended. */
  get #awaited(): ServerHttp2Stream | undefined {
    for (const stream of this.#streams.keys()) if (!stream.writableEnded) return stream;
    return undefined;
  }

  get #openState(): OpenState {
    if (this.#streams.size === 0) return 'idle';
    return this.#awaited ? 'running' : 'flushing';
  }

  /** Notes that a stream of the session has begun. */
  begin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // A stream is heard of twice: by its session, and by its server.
    if (this.#streams.has(stream) || stream.destroyed) return;
    this.#streams.set(stream, headers);
    this.#isNew = false;
    stream.on('close', this.#onStreamClose);
    if (this.#isClosing) this.#sendGoAway();
  }

  readonly #onStreamClose = emitterListener((stream: ServerHttp2Stream) => {
    this.#streams.delete(stream);
  });

  /**
   * Sends GOAWAY as soon as the client waits for an answer. A newcomer has a moment for its first
   * request.
   */
  goAway(): void {
    this.#isClosing = true;
    if (this.#awaited) this.#sendGoAway();
    else if (this.#isNew) this.#endAt(performance.now() + FIRST_REQUEST_MS);
  }

  /** Ends the session once it has begun no stream for a while. */
  drain({ begun, idle }: Patience): void {
    const milliseconds = this.#isNew ? Math.max(idle, FIRST_REQUEST_MS) : idle;
    this.#endAt(Math.max(begun, this.since) + milliseconds);
  }

  /** Ends the session, unless its client has been told of the end. */
  end(): void {
    if (this.#streams.size > 0) this.#sendGoAway();
    else if (!this.#isLeaving) warnOfRejection(this.#session.close());
  }

  /** Forgets streams that have closed without an event. Ends what its client keeps open. */
  sweep(): void {
    this.#noteGone();
    for (const stream of this.#streams.keys()) if (stream.destroyed) this.#streams.delete(stream);
    if (!this.#isServed) return;
    this.#servedSince ||= performance.now();
    if (performance.now() - this.#servedSince < LINGER_MS) return;
    if (this.#session.destroyed) this.destroySocket();
    else this.destroy();
  }

  /** Ends the session if its socket has gone, and an owner has taken Node's listeners off it. */
  #noteGone(): void {
    if (this.#session.destroyed || !this.#socket || !hasLeft(this.#socket)) return;
    for (const stream of this.#streams.keys()) cutStream(stream);
    this.destroy();
  }

  /**
   * Whether the session is closed, and everything has been sent. Its client has to end its side
   * then. Half a frame of a client keeps Node from ending the session.
   */
  get #isServed(): boolean {
    const { closed, destroyed } = this.#session;
    if (destroyed) return this.#socket?.writableFinished === true;
    return closed && this.#streams.size === 0 && !this.#isEarlier && !this.#hasPushed;
  }

  /** Whether its owner may have pushed a stream. No event tells of these. The first has the id 2. */
  get #hasPushed(): boolean {
    const { nextStreamID = 0, lastProcStreamID = 0 } = this.#session.state;
    return nextStreamID > (countsAllStreams ? lastProcStreamID + 1 : 2);
  }

  /** Lists the session, unless it has been ended. */
  listOpen(list: OpenList): void {
    const session = this.#session;
    if (attemptOf(session, 'destroyed', () => session.destroyed)) return;
    const state = attemptOf(session, 'state', () => this.#openState) ?? 'running';
    list.add(session, state, this.since, () => this.#describe());
  }

  /**
   * Begins the end by force: cuts the streams.
   *
   * @param onStraggler - Told of the session, just before.
   */
  cut(onStraggler?: OnStraggler): void {
    onStraggler?.(this.#describe(), this.#session);
    this.end();
    for (const stream of this.#streams.keys()) cutStream(stream);
  }

  /**
   * To be called a turn after `cut`: nghttp2 sends nothing more of cut streams once the session
   * says that it ends.
   */
  destroy(): void {
    warnOfRejection(this.#session.destroy());
  }

  /**
   * To be called a turn after `destroy`. The session itself would wait for its client's end, which
   * is no end by force.
   */
  destroySocket(): void {
    warnOfRejection(this.#socket?.destroy());
  }

  #describe(): Straggler {
    const [first] = this.#streams.keys();
    const served = attemptOf(this.#session, 'streams', () => this.#awaited) ?? first;
    const kind = served ? 'request' : 'connection';
    const line = served && requestLineIn(this.#streams.get(served));
    return stragglerOf(kind, this.#socket, this.since, line);
  }

  /** Ends the session at a time of `performance.now()`, unless a stream has begun by then. */
  #endAt(time: number): void {
    if (this.#isLeaving) return;
    this.#alarm.setBehindInput(time, () => this.end());
  }

  #sendGoAway(): void {
    // Other code may have closed the session, which sends a GOAWAY. If the id in the next GOAWAY
    // were higher, that would be a protocol error.
    if (this.#isLeaving || this.#session.closed || this.#session.destroyed) return;
    this.#isLeaving = true;
    const close = (): void => {
      this.#alarm.clear();
      attempt(() => this.#session.close());
    };
    this.#alarm.set(performance.now() + ROUND_TRIP_MS, close);
    warnOfRejection(this.#session.goaway(0, ANY_STREAM));
    // In the next turn: if both were sent at once, the PING would come first.
    const ping = (): boolean => !this.#session.destroyed && this.#session.ping(close);
    setImmediate(() => attempt(ping));
  }
}
