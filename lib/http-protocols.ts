import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { cutStream, isHttp2, streamOf } from './exchange.ts';
import { cutSession, destroySession } from './http2-connection.ts';
import { type Cancel, type Closable, guard, type Protocol } from './protocol.ts';
import { ClosableStream, reset, type Resettable, servedStream } from './socket.ts';

const nothing = (): void => {};

/** What a refused HTTP/2 stream was: nobody has looked at it, and to retry is safe (RFC 9113, 7). */
const REFUSED_STREAM = 7;

/** An HTTP/2 stream, which tells its client whether it ends as a whole. */
class ClosableHttp2Stream extends ClosableStream {
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream) {
    super(stream);
    this.#stream = stream;
  }

  override destroy(): void {
    cutStream(this.#stream);
  }

  override isClosed(): boolean {
    return this.#stream.destroyed;
  }
}

type StreamEvent = [stream: ServerHttp2Stream, ...rest: unknown[]];

/** Connections that are HTTP/2 streams, of the event `'stream'`. */
export const streamProtocol: Protocol<StreamEvent> = {
  event: 'stream',
  accept(stream, ...rest) {
    (stream as ServerHttp2Stream).on('error', guard);
    return [stream as ServerHttp2Stream, ...rest];
  },
  life: ([stream]) => stream,
  isGone: ([stream]) => stream.destroyed,
  mustBeTakenAtOnce: true,
  refuse: ([stream]) => stream.close(REFUSED_STREAM),
  ...servedStream(
    ([stream]: StreamEvent) => stream,
    ([stream]) => new ClosableHttp2Stream(stream),
  ),
  straggler: 'request',
  socketOf: ([{ session }]) => session?.socket,
  carrierOf: ([{ session }]) => session,
  onDeparture: ([stream], callback) => onStreamDeparture(stream, callback),
  hasFailed: ([stream]) => hasFailed(stream),
};

/** Of a stream that its client has reset Node ends our side, too. */
function onStreamDeparture(stream: ServerHttp2Stream, callback: (reason: unknown) => void): Cancel {
  const onClose = (): void => {
    if (hasFailed(stream)) callback(stream.errored ?? new Error('The connection is gone'));
  };
  if (stream.destroyed) onClose();
  else stream.on('close', onClose);
  return () => void stream.off('close', onClose);
}

function hasFailed(stream: ServerHttp2Stream): boolean {
  return stream.errored !== null || stream.aborted || stream.rstCode !== 0;
}

/** A tunnel's socket, of HTTP/1, or HTTP/2's response over its stream. */
type Tunnel = [request: object, tunnel: Duplex, ...rest: unknown[]];

function tunnelOf([, tunnel]: Tunnel): Duplex {
  return streamOf(tunnel) ?? tunnel;
}

/** Connections that have left HTTP: by an upgrade, or as the tunnel of a `CONNECT`. */
export function tunnelProtocol(event: 'upgrade' | 'connect'): Protocol<Tunnel> {
  const closable = (connection: Tunnel): Closable => {
    const stream = streamOf(connection[1]);
    return stream ? new ClosableHttp2Stream(stream) : new ClosableStream(connection[1]);
  };
  const served = servedStream(tunnelOf, closable);
  return {
    event,
    accept(...args) {
      const connection = args as Tunnel;
      tunnelOf(connection).on('error', guard);
      return connection;
    },
    life: tunnelOf,
    isGone: (connection) => tunnelOf(connection).destroyed,
    mustBeTakenAtOnce: true,
    refuse(connection) {
      const stream = streamOf(connection[1]);
      if (stream) stream.close(REFUSED_STREAM);
      else reset(tunnelOf(connection) as Duplex & Partial<Resettable>);
    },
    ...served,
    straggler: 'upgrade',
    onDeparture(connection, callback) {
      const stream = streamOf(connection[1]);
      return stream
        ? onStreamDeparture(stream, callback)
        : served.onDeparture(connection, callback);
    },
    socketOf: (connection) =>
      streamOf(connection[1])?.session?.socket ?? served.socketOf(connection),
    carrierOf: (connection) =>
      isHttp2(connection[1]) ? streamOf(connection[1])?.session : connection[1],
  };
}

/** Connections that are HTTP/2 sessions. */
export const sessionProtocol: Protocol<[session: Http2Session, ...rest: unknown[]]> = {
  event: 'session',
  accept(session, ...rest) {
    (session as Http2Session).on('error', guard);
    return [session as Http2Session, ...rest];
  },
  life: ([session]) => session,
  isGone: ([session]) => session.destroyed,
  mustBeTakenAtOnce: true,
  refuse: ([session]) => destroySession(session),
  straggler: 'connection',
  lastsUntilClosed: false,
  socketOf: ([session]) => session.socket,
  carrierOf: ([session]) => session,
  prepare: nothing,
  closable: ([session]) => closableSession(session),
  onDeparture: ([session], callback) =>
    // Node closes it when its client goes away, as a handler would: the two are not told apart.
    onSessionClose(session, () => callback(new Error('The connection is gone'))),
  errors: () => [],
  hasFailed: () => false,
  fail([session]) {
    cutSession(session);
    return undefined;
  },
};

function closableSession(session: Http2Session): Closable {
  return {
    // It is flushed when its last stream has ended.
    end: (onFlushed) => session.close(onFlushed),
    destroy: () => cutSession(session),
    isClosed: () => session.destroyed,
    onClose: (callback) => onSessionClose(session, callback),
  };
}

function onSessionClose(session: Http2Session, callback: () => void): Cancel {
  if (session.destroyed) callback();
  else session.on('close', callback);
  return () => void session.off('close', callback);
}
