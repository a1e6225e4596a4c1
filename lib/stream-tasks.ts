import type { Duplex } from 'node:stream';
import type { ConnectionKind, Life } from './connection-kind.ts';
import type { Addressed } from './straggler.ts';
import type { Cancel, Closable, TaskKind } from './task-kind.ts';

const nothing = (): void => {};

/**
 * Tasks whose connection is a stream, or an event's arguments among which one is: sockets, HTTP/2
 * streams, upgraded connections. What is no stream can only be ended by force.
 */
export function streamTasks(connections: ConnectionKind): TaskKind {
  const streamOf = (connection: unknown): Duplex | undefined => {
    const life = connections.life(connection);
    return isStream(life) ? life : undefined;
  };
  const closable = (connection: unknown): Closable => {
    const stream = streamOf(connection);
    return stream ? new ClosableStream(stream) : new ClosableThing(connections, connection);
  };
  return {
    straggler: 'connection',
    lastsUntilClosed: false,
    socketOf: (connection) => addressedBy(connections.life(connection)),
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
    onDeparture(connection, callback) {
      const stream = streamOf(connection);
      return stream ? onDeparture(stream, callback) : nothing;
    },
    errors: (connection) => [streamOf(connection)?.errored],
    hasFailed: (connection) => Boolean(streamOf(connection)?.errored),
    fail(connection) {
      closable(connection).destroy();
      return undefined;
    },
  };
}

function isStream(life: Life | undefined): life is Life & Duplex {
  return life !== undefined && 'writableFinished' in life && 'readableEnded' in life;
}

function iterate(this: Duplex): NodeJS.AsyncIterator<unknown> {
  return this.iterator({ destroyOnReturn: false });
}

/** Node's own iterator destroys a stream when it ends, with what is still to be written. */
function keepAfterIteration(stream: Duplex): void {
  stream[Symbol.asyncIterator] = iterate;
}

/** An HTTP/2 stream has the address of its session. */
function addressedBy(life: object | undefined): Addressed | undefined {
  const { session } = (life ?? {}) as { session?: { socket?: Addressed } };
  return session ? session.socket : life;
}

class ClosableStream implements Closable {
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
    const stream = this.#stream;
    const isRead = stream.listenerCount('data') + stream.listenerCount('readable') > 0;
    if (!isRead) discardInput(stream);
  }

  destroy(): void {
    this.#stream.destroy();
  }

  isClosed(): boolean {
    return this.#stream.closed;
  }

  onClose(callback: () => void): Cancel {
    return onClose(this.#stream, callback);
  }
}

/** Whoever reads it reads no more: its client would wait for ever to be read to the end. */
function discardInput(stream: Duplex): void {
  if (stream.readableEnded || stream.destroyed) return;
  stream.unpipe();
  for (const event of ['data', 'readable']) {
    // While there is one for 'readable', resume() does nothing.
    if (stream.listenerCount(event) > 0) stream.removeAllListeners(event);
  }
  // Without a listener of our own Node may stop the flow again, a tick after the last has gone.
  stream.on('data', nothing);
  if (!stream.readableFlowing) stream.resume();
}

function onClose(stream: Duplex, callback: () => void): Cancel {
  if (stream.closed) callback();
  else stream.on('close', callback);
  return () => {
    if (!stream.closed) stream.off('close', callback);
  };
}

/** Something that has an end, or nothing at all, such as a datagram. */
class ClosableThing implements Closable {
  readonly #connections: ConnectionKind;
  readonly #connection: unknown;
  #isClosed: boolean;

  constructor(connections: ConnectionKind, connection: unknown) {
    this.#connections = connections;
    this.#connection = connection;
    this.#isClosed = connections.life(connection) === undefined;
  }

  end(onFlushed: () => void): void {
    this.destroy();
    onFlushed();
  }

  destroy(): void {
    this.#connections.refuse(this.#connection);
    // Whether it ever says so is not known.
    this.#isClosed = true;
  }

  isClosed(): boolean {
    return this.#isClosed || this.#connections.isGone(this.#connection);
  }

  onClose(callback: () => void): Cancel {
    const life = this.#connections.life(this.#connection);
    const onClosed = (): void => {
      this.#isClosed = true;
      life?.off('close', onClosed);
      callback();
    };
    if (this.isClosed()) callback();
    else life?.on('close', onClosed);
    return () => void life?.off('close', onClosed);
  }
}

/** Without `allowHalfOpen` Node ends our side when the peer has ended its own. */
const endedByNode = new WeakSet<Duplex>();

function noteEnd(this: Duplex): void {
  if (!this.writableEnded) endedByNode.add(this);
}

/** Calls back when a stream closes whose end is not ours. */
function onDeparture(stream: Duplex, callback: (reason: unknown) => void): Cancel {
  const followsPeer = !stream.allowHalfOpen;
  if (followsPeer && stream.readableEnded) endedByNode.add(stream);
  // The same for all: one for each would be as long there as the connection.
  if (followsPeer) stream.on('end', noteEnd);
  const stopWaiting = onClose(stream, () => {
    const { errored, writableEnded } = stream;
    if (errored) callback(errored);
    else if (!writableEnded || endedByNode.has(stream)) {
      callback(new Error('The connection is gone'));
    }
  });
  return () => {
    if (followsPeer) stream.off('end', noteEnd);
    stopWaiting();
  };
}
