import { FIRST_REQUEST_MS, ROUND_TRIP_MS } from '../../bounds.ts';
import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Alarm } from './alarm.ts';
import { attempt } from '../../primitives/attempt.ts';
import { cutStream } from './exchange.ts';
import { emitterListener } from '../../primitives/emitter-listener.ts';
import type { Patience } from '../trackers.ts';
import { hasLeft } from '../../primitives/has-left.ts';
import { guard } from '../protocol.ts';
import { attemptOf } from '../../primitives/hear.ts';
import type { OpenState, Straggler } from '../../reports.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import { type OnStraggler, stragglerOf } from '../../shutdown/stragglers.ts';
import { requestLineIn } from './request-line.ts';
import { setImmediate } from '../../primitives/timers.ts';

/** The highest id that a stream can have. */
const ANY_STREAM = 2 ** 31 - 1;

/** Those that are followed. */
const connections = new WeakMap<Http2Session, Http2Connection>();

/** Ends a session that nobody follows, and its socket: Node leaves that to a client that goes on. */
export function destroySession(session: Http2Session): void {
  if (session.destroyed) return;
  // What this returns is the socket itself: `session.socket` stands before it, and cannot end it.
  const socket = session.socket.on('error', guard);
  session.destroy();
  setImmediate(() => setImmediate(() => attempt(() => socket.destroy())));
}

/** Ends a session by force, and its streams so that no half of an answer passes for a whole one. */
export function cutSession(session: Http2Session): void {
  const connection = connections.get(session);
  if (connection === undefined) return destroySession(session);
  connection.cut();
  setImmediate(() => {
    connection.destroy();
    setImmediate(() => connection.destroySocket());
  });
}

/**
 * One HTTP/2 session, and how it ends: by two GOAWAYs. The first tells the client to begin no more
 * streams; the second, a round trip later, names the last one that is served. Others were refused,
 * which is safe to retry.
 *
 * nghttp2 refuses what crosses the first one already, and reads no more of a session that has then
 * no stream. So the first one goes out while the client waits for an answer, at which time a client
 * that asks one thing after the other has nothing on the way. An idle session has its time for one
 * more request, as an HTTP/1 connection has.
 */
export class Http2Connection {
  readonly #session: Http2Session;
  /** Not there if somebody has destroyed the session before. */
  readonly #socket: Socket | TLSSocket | undefined;
  /** When it was accepted, of `performance.now()`. */
  readonly #since = performance.now();
  /** Those that are open, with the headers of their requests: nothing else leads to these. */
  readonly #streams = new Map<ServerHttp2Stream, IncomingHttpHeaders>();
  #isNew = true;
  #isClosing = false;
  #isLeaving = false;
  readonly #alarm = new Alarm();

  /**
   * @param session - One that is not destroyed.
   * @param onClose - Called when its socket has closed: on Bun that comes after its own end.
   */
  constructor(session: Http2Session, onClose: () => void) {
    this.#session = session;
    const close = (): void => {
      this.#alarm.clear();
      connections.delete(session);
      onClose();
    };
    // The socket itself, as above.
    this.#socket = session.socket.once('close', close);
    connections.set(session, this);
  }

  /** Whether it is gone, though nobody may have heard of that. */
  get hasLeft(): boolean {
    return this.#session.destroyed && (!this.#socket || hasLeft(this.#socket));
  }

  /** Whether the client waits for an answer. */
  get #isAwaited(): boolean {
    return this.#awaited !== undefined;
  }

  /** The first stream whose answer has not ended. */
  get #awaited(): ServerHttp2Stream | undefined {
    for (const stream of this.#streams.keys()) if (!stream.writableEnded) return stream;
    return undefined;
  }

  get #openState(): OpenState {
    if (this.#streams.size === 0) return 'idle';
    return this.#isAwaited ? 'running' : 'flushing';
  }

  /** A stream of it has begun. */
  begin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // Heard of twice: by its session, and by its server.
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
   * Tells the client of its end as soon as that waits for an answer. A newcomer has a moment to ask.
   */
  goAway(): void {
    this.#isClosing = true;
    if (this.#isAwaited) this.#sendGoAway();
    else if (this.#isNew) this.#endAt(performance.now() + FIRST_REQUEST_MS);
  }

  /** Ends it when it has begun no stream for a while. */
  drain({ begun, idle }: Patience): void {
    const milliseconds = this.#isNew ? Math.max(idle, FIRST_REQUEST_MS) : idle;
    this.#endAt(Math.max(begun, this.#since) + milliseconds);
  }

  /** Ends it, if the client has not been told of its end. */
  end(): void {
    if (this.#streams.size > 0) this.#sendGoAway();
    else if (!this.#isLeaving) this.#session.close();
  }

  /** Forgets the streams of which nobody has heard that they have closed. */
  sweep(): void {
    for (const stream of this.#streams.keys()) if (stream.destroyed) this.#streams.delete(stream);
  }

  /** Lists it, unless it has been ended. */
  listOpen(list: OpenList): void {
    const session = this.#session;
    if (attemptOf(session, 'destroyed', () => session.destroyed)) return;
    const state = attemptOf(session, 'state', () => this.#openState) ?? 'running';
    list.add(session, state, this.#since, () => this.#describe());
  }

  /** Begins its end by force: cuts its streams. @param onStraggler - Told of it, just before. */
  cut(onStraggler?: OnStraggler): void {
    onStraggler?.(this.#describe(), this.#session);
    this.end();
    for (const stream of this.#streams.keys()) cutStream(stream);
  }

  /** A turn later: once the session says that it ends, nghttp2 sends no more of what has been cut. */
  destroy(): void {
    this.#session.destroy();
  }

  /** One more turn later: the session waits for its client's end, and that would be no force. */
  destroySocket(): void {
    this.#socket?.destroy();
  }

  #describe(): Straggler {
    const [first] = this.#streams.keys();
    const served = attemptOf(this.#session, 'streams', () => this.#awaited) ?? first;
    const kind = served ? 'request' : 'connection';
    const line = served && requestLineIn(this.#streams.get(served));
    return stragglerOf(kind, this.#socket, this.#since, line);
  }

  /** Ends it at a time of `performance.now()`, unless a stream has begun by then. */
  #endAt(time: number): void {
    if (this.#isLeaving) return;
    this.#alarm.setBehindInput(time, () => this.end());
  }

  #sendGoAway(): void {
    // Somebody may have closed it: an id that grows from one GOAWAY to the next is a protocol error.
    if (this.#isLeaving || this.#session.closed || this.#session.destroyed) return;
    this.#isLeaving = true;
    const close = (): void => {
      this.#alarm.clear();
      attempt(() => this.#session.close());
    };
    this.#alarm.set(performance.now() + ROUND_TRIP_MS, close);
    this.#session.goaway(0, ANY_STREAM);
    // Of what is sent at once a PING comes first.
    const ping = (): boolean => !this.#session.destroyed && this.#session.ping(close);
    setImmediate(() => attempt(ping));
  }
}
