import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { attempt, attemptEach } from '../../primitives/attempt.ts';
import { tellsStreams } from '../../primitives/runtime.ts';
import { harmless } from '../../primitives/harmless.ts';
import type { Patience } from '../trackers.ts';
import { cutSession, Http2Connection } from './http2-connection.ts';
import { type End, turn } from '../../shutdown/in-slices.ts';
import type { Newcomers } from './newcomers.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import type { OnStraggler } from '../../shutdown/stragglers.ts';

/** Hears of a stream. */
type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** The HTTP/2 sessions of one server, for its end. */
export class Http2Sessions {
  /** Called when a newcomer has made its first request, and when a session has gone. */
  onChange: () => void = () => {};
  readonly #newcomers: Newcomers;
  readonly #sessions = new Map<Http2Session, Http2Connection>();
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

  /** Those that are open. */
  get all(): Iterable<Http2Session> {
    return this.#sessions.keys();
  }

  listOpen(list: OpenList): void {
    attemptEach(this.#sessions.values(), (each) => each.listOpen(list));
  }

  /** From now on each is told that it is to end. */
  goAway(): void {
    this.#isClosing = true;
    attemptEach(this.#sessions.values(), (each) => each.goAway());
  }

  /** From now on ends each that has had no stream for a while. */
  drain(patience: Patience): void {
    this.#patience = patience;
    attemptEach(this.#sessions.values(), (each) => each.drain(patience));
  }

  /** Ends those that have not been told of it. */
  end(): void {
    this.#isOver = true;
    attemptEach(this.#sessions.values(), (each) => each.end());
  }

  /** What ends them by force. @param onStraggler - Told of every one, just before. */
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

  /** Forgets those of which nobody has heard that they have gone. */
  sweep(): void {
    attemptEach(this.#sessions, ([session, connection]) => {
      connection.sweep();
      if (connection.hasLeft) this.#forget(session);
    });
  }

  readonly add: (session: Http2Session) => void = harmless((session) => {
    // By an owner's listener before this one.
    if (session.destroyed || this.#sessions.has(session)) return;
    const connection = new Http2Connection(session, () => this.#forget(session));
    this.#sessions.set(session, connection);
    this.#newcomers.add(session);
    // Not the server's 'stream', which an HTTP/2 server is asked for by whoever handles streams.
    session.prependListener('stream', this.#begin);
    if (this.#isClosing) connection.goAway();
    if (this.#patience) connection.drain(this.#patience);
    // All was ended by a listener before this one, in this very emit.
    if (this.#isForced) cutSession(session);
    else if (this.#isOver) connection.end();
  });

  /** The server brings a stream: its session may be one that was there before. */
  readonly begin: OnStream = harmless((stream, headers) => {
    const { session } = stream;
    // One that is known has said so itself, but on Bun.
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
