import type { Server } from 'node:net';
import { closesIdleWithListener } from '../../primitives/runtime.ts';
import { closeServer } from '../close-server.ts';
import { isListening } from '../is-listening.ts';
import type { KnownServer } from '../known-server.ts';
import { Handshakes } from '../tls.ts';
import { HttpConnections, type HttpEvents } from './connections.ts';
import { exchangeProtocol } from './exchange.ts';
import { sessionProtocol } from './session-event.ts';
import { streamProtocol } from './stream-event.ts';
import { tunnelProtocol } from './tunnel-event.ts';

const connect = tunnelProtocol('connect');
const upgrade = tunnelProtocol('upgrade');

/** An `http.Server` or `https.Server`. */
export function httpServer(server: Server, isSecure: boolean): KnownServer {
  return {
    name: isSecure ? 'https' : 'http',
    connections: exchangeProtocol,
    byEvent: { request: exchangeProtocol, connect, upgrade },
    endsIdle: closesIdleWithListener,
    ...requestServer(server, isSecure, { socket: isSecure ? 'secureConnection' : 'connection' }),
  };
}

/** An HTTP/2 server. A secure one with `allowHTTP1` has connections of HTTP/1, too. */
export function http2Server(server: Server, isSecure: boolean): KnownServer {
  const byEvent = {
    request: exchangeProtocol,
    stream: streamProtocol,
    session: sessionProtocol,
    connect,
  };
  const events = { session: 'session', ...(isSecure && { socket: 'secureConnection' }) };
  return {
    name: 'http2',
    connections: exchangeProtocol,
    byEvent,
    ...requestServer(server, isSecure, events),
  };
}

function requestServer(
  server: Server,
  isSecure: boolean,
  events: HttpEvents,
): Pick<KnownServer, 'handshakes' | 'carriers' | 'isListening' | 'close'> {
  let followed: HttpConnections | undefined;
  return {
    ...(isSecure && { handshakes: () => new Handshakes(server) }),
    carriers() {
      followed = new HttpConnections(server, events);
      return followed;
    },
    isListening: () => isListening(server),
    close: () => closeServer(server, followed?.sessions),
  };
}
