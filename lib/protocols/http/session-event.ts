import type { Http2Session, Http2Stream } from 'node:http2';
import { type Closable, guard, type Protocol } from '../protocol.ts';
import { cutSession, destroySession } from './cut-session.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';

/** Connections that are HTTP/2 sessions. */
export const sessionProtocol: Protocol<[session: Http2Session, ...rest: unknown[]]> = {
  event: 'session',
  accept(args) {
    const connection = args as [session: Http2Session];
    connection[0].on('error', guard);
    // Its client may reset a stream before the handler has listened to that stream, or to any.
    connection[0].on('stream', guardStream);
    return connection;
  },
  life: ([session]) => session,
  isGone: ([session]) => session.destroyed,
  mustBeTakenAtOnce: true,
  refuse: ([session]) => destroySession(session),
  straggler: 'connection',
  lastsUntilClosed: false,
  socketOf: ([session]) => session.socket,
  carrierOf: ([session]) => session,
  prepare() {},
  closable: ([session]) => closableSession(session),
  // Node closes the session when its client goes away, as a handler would: nothing tells which it
  // was.
  departure: () => new Error('The connection is gone'),
  errors: () => [],
  hasFailed: () => false,
  fail([session]) {
    cutSession(session);
    return undefined;
  },
};

function guardStream(stream: Http2Stream): void {
  stream.on('error', guard);
}

function closableSession(session: Http2Session): Closable {
  return {
    // A session is flushed when its last stream has ended.
    end: (onFlushed) => warnOfRejection(session.close(onFlushed)),
    destroy: () => cutSession(session),
    isClosed: () => session.destroyed,
    onClose(callback) {
      if (session.destroyed) callback();
      else session.on('close', callback);
    },
  };
}
