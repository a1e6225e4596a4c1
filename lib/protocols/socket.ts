import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Addressed } from '../shutdown/stragglers.ts';
import { ClosableStream, onStreamClose } from './closable-stream.ts';
import { warn } from '../primitives/warn.ts';
import { type Closable, guard, type Life, type Protocol } from './protocol.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';

/** Connections that are sockets: of a `net.Server`, or of a `tls.Server` after the handshake. */
export function socketProtocol(event: 'connection' | 'secureConnection'): Protocol<Socket> {
  return {
    event,
    isSocket: true,
    // The socket stays as Node made it. After a pause(), a consumer's on('data') would start
    // nothing.
    accept(args) {
      const socket = args[0] as Socket;
      socket.on('error', guard);
      return socket;
    },
    life: (socket): Life => socket,
    onClose: onStreamClose,
    isGone: (socket) => socket.destroyed,
    refuse: reset,
    ...servedStream(
      (socket: Socket) => socket,
      (socket) => new ClosableStream(socket),
    ),
  };
}

/** The parts of a connection that `reset` uses. */
export interface Resettable extends Pick<Socket, 'resetAndDestroy' | 'destroy'> {
  readonly writableEnded?: boolean;
  readonly writableFinished?: boolean;
}

/**
 * Ends a connection by a reset if possible. Over TLS and Unix sockets, Node has no reset.
 */
export function reset(socket: Partial<Resettable>): void {
  try {
    if (socket.resetAndDestroy && !isEnding(socket))
      return warnOfRejection(socket.resetAndDestroy());
  } catch (error) {
    if ((Object(error) as NodeJS.ErrnoException).code !== 'ERR_INVALID_HANDLE_TYPE') warn(error);
  }
  warnOfRejection(socket.destroy?.());
}

/**
 * Whether our side of the socket is ending. Such a socket must not be reset: libuv says EINVAL, and
 * Node still takes the handle for closing and never closes it. The descriptor is lost, and the
 * process spins when it should end.
 */
function isEnding({ writableEnded, writableFinished }: Partial<Resettable>): boolean {
  return writableEnded === true && writableFinished !== true;
}

type Served<Connection> = Omit<
  Protocol<Connection>,
  'event' | 'accept' | 'life' | 'onClose' | 'isGone' | 'refuse'
>;

/**
 * How to serve a connection that is a stream, or an event's arguments with a stream among them.
 * Such connections are sockets, HTTP/2 streams and upgraded connections.
 */
export function servedStream<Connection>(
  streamOf: (connection: Connection) => Duplex | undefined,
  closable: (connection: Connection) => Closable,
): Served<Connection> {
  return {
    straggler: 'connection',
    lastsUntilClosed: false,
    socketOf: (connection) => streamOf(connection) as Addressed | undefined,
    prepare(connection) {
      const stream = streamOf(connection);
      if (stream !== undefined) keepAfterIteration(stream);
    },
    closable,
    onFinish(connection, callback) {
      const stream = streamOf(connection);
      if (stream?.writableFinished) callback();
      else stream?.on('finish', callback);
    },
    noteDeparture(connection) {
      const stream = streamOf(connection);
      if (stream !== undefined) noteEnds(stream);
    },
    stopNoting(connection) {
      const stream = streamOf(connection);
      if (stream !== undefined && !stream.allowHalfOpen) stream.off('end', noteEnd);
    },
    departure(connection) {
      const stream = streamOf(connection);
      return stream && departureOf(stream);
    },
    errors: (connection) => [streamOf(connection)?.errored],
    hasFailed: (connection) => Boolean(streamOf(connection)?.errored),
    fail(connection) {
      closable(connection).destroy();
      return undefined;
    },
  };
}

/** Whether a value is a stream, by its shape. */
export function isStream(value: object | undefined): value is Duplex {
  return value !== undefined && 'writableFinished' in value && 'readableEnded' in value;
}

function iterate(this: Duplex): NodeJS.AsyncIterator<unknown> {
  return this.iterator({ destroyOnReturn: false });
}

/**
 * When Node's own iterator ends, it destroys the stream, together with what has still to be
 * written.
 */
function keepAfterIteration(stream: Duplex): void {
  stream[Symbol.asyncIterator] = iterate;
}

/**
 * Streams whose side Node has ended. Without `allowHalfOpen` it does so when the peer has ended its
 * own side.
 */
const endedByNode = new WeakSet<Duplex>();

/** If its owner has wrapped `on()`, it may be called without the stream. */
function noteEnd(this: Duplex | undefined): void {
  if (this?.writableEnded === false) endedByNode.add(this);
}

/** From now on notes whether Node ends our side of the stream. */
function noteEnds(stream: Duplex): void {
  if (stream.allowHalfOpen) return;
  if (stream.readableEnded) endedByNode.add(stream);
  stream.on('end', noteEnd);
}

/** Why a stream has closed, unless its handler has ended it. */
function departureOf(stream: Duplex): Error | undefined {
  if (stream.errored) return stream.errored;
  const isOurs = stream.writableEnded && !endedByNode.has(stream);
  return isOurs ? undefined : new Error('The connection is gone');
}
