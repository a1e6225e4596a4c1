import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { attempt, attemptEach } from '../../primitives/attempt.ts';
import { tellsStreams } from '../../primitives/runtime.ts';
import { Alarms } from './alarm.ts';
import { harmless } from '../../primitives/harmless.ts';
import type { Patience } from '../trackers.ts';
import { cutSession } from './cut-session.ts';
import { Http2Connection } from './http2-connection.ts';
import { type End, turn } from '../../shutdown/in-slices.ts';
import type { Newcomer, Newcomers } from './newcomers.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import type { OnStraggler } from '../../shutdown/stragglers.ts';
import { ObjectMap } from '../../primitives/object-map.ts';

/** A listener for `'stream'`. */
type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** The HTTP/2 sessions of one server, which a shutdown has to end. */
export class Http2Sessions {
  /** Called when a newcomer has made its first request, and when a session has gone. */
  onChange: () => void = () => {};
  readonly #newcomers: Newcomers;
  readonly #alarms = new Alarms();
  readonly #sessions = new ObjectMap<Http2Session, Http2Connection>();
  #isClosing = false;
  #isOver = false;
  #isForced = false;
  #patience: Patience | undefined;

  constructor(newcomers: Newcomers) {
    this.#newcomers = newcomers;
  }

  /** How many are open. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Those that have made no request. */
  get newcomers(): Newcomer[] {
    const all = [...this.#sessions].filter(([, { isNew }]) => isNew);
    return all.map(([session, { since }]) => [session, since]);
  }

  /** The open sessions. */
  get all(): Iterable<Http2Session> {
    return this.#sessions.keys();
  }

  listOpen(list: OpenList): void {
    attemptEach(this.#sessions.values(), (each) => each.listOpen(list));
  }

  /** From now on tells each client that its session will end. */
  goAway(): void {
    this.#isClosing = true;
    attemptEach(this.#sessions.values(), (each) => each.goAway());
  }

  /** From now on ends each session that has had no stream for a while. */
  drain(patience: Patience): void {
    this.#patience = patience;
    attemptEach(this.#sessions.values(), (each) => each.drain(patience));
  }

  /** What ends each session whose client has not been told of the end. Later ones are ended, too. */
  end(): End[] {
    this.#isOver = true;
    return [...this.#sessions.values()].map((each) => () => each.end());
  }

  /** What ends each session by force. @param onStraggler - Told of each, just before. */
  force(onStraggler: OnStraggler): End[] {
    this.#isForced = true;
    const all = [...this.#sessions.values()];
    if (all.length === 0) return [];
    return [
      ...all.map((each) => () => each.cut(onStraggler)),
      turn,
      ...all.map((each) => () => each.destroy()),
      turn,
      ...all.map((each) => () => each.destroySocket()),
    ];
  }

  /** Forgets sessions that are gone without an event. */
  sweep(): void {
    attemptEach(this.#sessions, ([session, connection]) => {
      connection.sweep();
      if (connection.hasLeft) this.#forget(session);
    });
  }

  readonly add: (session: Http2Session) => void = harmless((session) => {
    // An earlier listener of the owner may have destroyed the session.
    if (session.destroyed || this.#sessions.has(session)) return;
    const connection = new Http2Connection(session, this.#alarms, () => this.#forget(session));
    this.#sessions.set(session, connection);
    this.#newcomers.add(session);
    // On the session, not on the server: there, a listener for 'stream' means that its owner
    // handles streams.
    session.prependListener('stream', this.#begin);
    if (this.#isClosing) connection.goAway();
    if (this.#patience) connection.drain(this.#patience);
    // An earlier listener may have ended everything, in this very event.
    if (this.#isForced) cutSession(session);
    else if (this.#isOver) connection.end();
  });

  /** Notes a stream that the server brings. Its session may be from before this object was made. */
  readonly begin: OnStream = harmless((stream, headers) => {
    const { session } = stream;
    // A known session has emitted 'stream' itself, except on Bun.
    if (session === undefined || (tellsStreams && this.#sessions.has(session))) return;
    this.add(session);
    this.#begin(stream, headers);
  });

  readonly #begin: OnStream = harmless((stream, headers) => {
    const { session } = stream;
    if (session === undefined) return;
    this.#sessions.get(session)?.begin(stream, headers);
    if (this.#newcomers.delete(session)) this.onChange();
  });

  #forget(session: Http2Session): void {
    if (!this.#sessions.delete(session)) return;
    this.#newcomers.delete(session);
    attempt(() => session.off('stream', this.#begin));
    this.onChange();
  }
}
