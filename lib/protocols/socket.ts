import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Addressed } from '../shutdown/stragglers.ts';
import { hasLeft } from '../primitives/has-left.ts';
import { warn } from '../primitives/warn.ts';
import { type Closable, guard, type Life, type Protocol } from './protocol.ts';

const nothing = (): void => {};

/** Connections that are sockets: of a `net.Server`, or of a `tls.Server` after the handshake. */
export function socketProtocol(event: 'connection' | 'secureConnection'): Protocol<Socket> {
  return {
    event,
    isSocket: true,
    // Left as Node made it: after a pause() a consumer's on('data') would never start.
    accept(args) {
      const socket = args[0] as Socket;
      socket.on('error', guard);
      return socket;
    },
    life: (socket): Life => socket,
    isGone: (socket) => socket.destroyed,
    refuse: reset,
    ...servedStream(
      (socket: Socket) => socket,
      (socket) => new ClosableStream(socket),
    ),
  };
}

export interface Resettable extends Pick<Socket, 'resetAndDestroy' | 'destroy'> {
  readonly writableEnded?: boolean;
  readonly writableFinished?: boolean;
}

/** Ends a connection with RST where it has one: over TLS and Unix sockets Node has no reset. */
export function reset(socket: Partial<Resettable>): unknown {
  try {
    if (socket.resetAndDestroy && !isEnding(socket)) return socket.resetAndDestroy();
  } catch (error) {
    if ((Object(error) as NodeJS.ErrnoException).code !== 'ERR_INVALID_HANDLE_TYPE') warn(error);
  }
  return socket.destroy?.();
}

/**
 * Whether its own side is about to end. The handle of such a socket cannot be reset: libuv says EINVAL,
 * Node takes it for closing all the same, and never closes it: the descriptor is lost, and the process
 * spins when it is to end.
 */
function isEnding({ writableEnded, writableFinished }: Partial<Resettable>): boolean {
  return writableEnded === true && writableFinished !== true;
}

type Served<Connection> = Omit<
  Protocol<Connection>,
  'event' | 'accept' | 'life' | 'isGone' | 'refuse'
>;

/**
 * How a connection is served that is a stream, or an event's arguments among which one is: sockets,
 * HTTP/2 streams, upgraded connections.
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
      return stream && noteEnds(stream);
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

export function isStream(value: object | undefined): value is Duplex {
  return value !== undefined && 'writableFinished' in value && 'readableEnded' in value;
}

function iterate(this: Duplex): NodeJS.AsyncIterator<unknown> {
  return this.iterator({ destroyOnReturn: false });
}

/** Node's own iterator destroys a stream when it ends, with what is still to be written. */
function keepAfterIteration(stream: Duplex): void {
  stream[Symbol.asyncIterator] = iterate;
}

/**
 * Ends a connection that is silent, whose owner goes on with it. What its client still sends nobody
 * reads: a command that crosses our FIN is not carried out, since it could not be answered. Pipes
 * end with the client's side.
 */
export function endSilent(socket: Socket): void {
  // What its owner writes from now on is an error.
  socket.on('error', guard);
  discardInput(socket, { keepsPipes: true });
  socket.end();
}

export class ClosableStream implements Closable {
  readonly #stream: Duplex;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  end(onFlushed: () => void): void {
    const stream = this.#stream;
    discardInput(stream);
    if (stream.writableFinished) return onFlushed();
    stream.on('finish', onFlushed);
    stream.end();
  }

  hearOut(): void {
    if (!isRead(this.#stream)) discardInput(this.#stream);
  }

  destroy(): void {
    this.#stream.destroy();
  }

  isClosed(): boolean {
    return hasLeft(this.#stream);
  }

  onClose(callback: () => void): void {
    if (this.#stream.closed) callback();
    else this.#stream.on('close', callback);
  }
}

/** Whoever reads it reads no more: its client would wait for ever to be read to the end. */
function discardInput(stream: Duplex, { keepsPipes = false } = {}): void {
  if (stream.readableEnded || stream.destroyed) return;
  if (isRead(stream)) {
    if (!keepsPipes) stream.unpipe();
    for (const event of ['data', 'readable']) {
      // While there is one for 'readable', resume() does nothing.
      if (stream.listenerCount(event) > 0) stream.removeAllListeners(event);
    }
    // Without a listener of our own Node may stop the flow again, a tick after the last has gone.
    stream.on('data', nothing);
  }
  if (!stream.readableFlowing) stream.resume();
}

function isRead(stream: Duplex): boolean {
  return stream.listenerCount('data') > 0 || stream.listenerCount('readable') > 0;
}

/** Without `allowHalfOpen` Node ends our side when the peer has ended its own. */
const endedByNode = new WeakSet<Duplex>();

function noteEnd(this: Duplex): void {
  if (!this.writableEnded) endedByNode.add(this);
}

/** From now on notes whose end it is. */
function noteEnds(stream: Duplex): (() => void) | undefined {
  if (stream.allowHalfOpen) return undefined;
  if (stream.readableEnded) endedByNode.add(stream);
  stream.on('end', noteEnd);
  return () => void stream.off('end', noteEnd);
}

/** Of a stream that has closed: why, if its end is not ours. */
function departureOf(stream: Duplex): Error | undefined {
  if (stream.errored) return stream.errored;
  const isOurs = stream.writableEnded && !endedByNode.has(stream);
  return isOurs ? undefined : new Error('The connection is gone');
}
