import type { Duplex } from 'node:stream';
import { type Closable, guard, type Protocol } from '../protocol.ts';
import { ClosableStream } from '../closable-stream.ts';
import { reset, type Resettable, servedStream } from '../socket.ts';
import { isHttp2, streamOf } from './exchange.ts';
import { requestLineOf } from './request-line.ts';
import { ClosableHttp2Stream, departureOfStream, REFUSED_STREAM } from './stream-event.ts';

/** A tunnel: the socket of HTTP/1, or the response of HTTP/2 over its stream. */
type Tunnel = [request: object, tunnel: Duplex, ...rest: unknown[]];

function tunnelOf([, tunnel]: Tunnel): Duplex {
  return streamOf(tunnel) ?? tunnel;
}

/** Connections that have left HTTP, by an upgrade or as the tunnel of a `CONNECT`. */
export function tunnelProtocol(event: 'upgrade' | 'connect'): Protocol<Tunnel> {
  const closable = (connection: Tunnel): Closable => {
    const stream = streamOf(connection[1]);
    return stream ? new ClosableHttp2Stream(stream) : new ClosableStream(connection[1]);
  };
  const served = servedStream(tunnelOf, closable);
  return {
    event,
    accept(args) {
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
    noteDeparture(connection) {
      if (!isHttp2(connection[1])) served.noteDeparture?.(connection);
    },
    departure(connection) {
      const stream = streamOf(connection[1]);
      return stream ? departureOfStream(stream) : served.departure(connection);
    },
    socketOf: (connection) =>
      streamOf(connection[1])?.session?.socket ?? served.socketOf(connection),
    requestLineOf: ([request]) => requestLineOf(request),
    carrierOf: (connection) =>
      isHttp2(connection[1]) ? streamOf(connection[1])?.session : connection[1],
  };
}
