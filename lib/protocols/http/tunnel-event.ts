import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Closable, guard, type Protocol } from '../protocol.ts';
import { ClosableStream } from '../closable-stream.ts';
import { reset, type Resettable, servedStream } from '../socket.ts';
import { isHttp2, streamOf } from './exchange.ts';
import { requestLineOf } from './request-line.ts';
import type { Addressed } from '../../shutdown/stragglers.ts';
import { ClosableHttp2Stream, departureOfStream, REFUSED_STREAM } from './stream-event.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';

/** A tunnel: the socket of HTTP/1, or the response of HTTP/2 over its stream. */
type Tunnel = [request: Partial<IncomingMessage>, tunnel: Duplex, ...rest: unknown[]];

function tunnelOf([, tunnel]: Tunnel): Duplex {
  return streamOf(tunnel) ?? tunnel;
}

/**
 * The socket under a tunnel of HTTP/1. If a part of the request's body has still to come, Node 26
 * gives the owner a stream of its own, which has no address.
 */
function socketUnder([request, tunnel]: Tunnel): Duplex {
  return request.socket ?? tunnel;
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
      if (stream) warnOfRejection(stream.close(REFUSED_STREAM));
      else reset(socketUnder(connection) as Duplex & Partial<Resettable>);
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
      streamOf(connection[1])?.session?.socket ?? (socketUnder(connection) as Addressed),
    requestLineOf: ([request]) => requestLineOf(request),
    carrierOf: (connection) =>
      isHttp2(connection[1]) ? streamOf(connection[1])?.session : socketUnder(connection),
  };
}
