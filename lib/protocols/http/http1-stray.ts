import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { attempt } from '../../primitives/attempt.ts';
import { attemptOf } from '../../primitives/hear.ts';
import type { Http1Connection } from './http1-connection.ts';
import type { ObjectMap } from '../../primitives/object-map.ts';

type Connections = ObjectMap<Socket, Http1Connection>;

/** Whether one of the connections is idle, or seems so to Node. */
export function someLookIdle(connections: Connections): boolean {
  for (const connection of connections.values()) {
    if (attempt(() => connection.looksIdle)) return true;
  }
  return false;
}

/**
 * Ends connections that only seem to have half a request. Empty lines behind a request are no part
 * of the next request, and look like half of it.
 *
 * Node's parser knows which connections wait for nothing, and Node can end them, but only all at
 * once. So that is not done while a connection is idle and still has time.
 *
 * @param connections - All HTTP/1 connections of the server.
 */
export function endStray(
  server: EventEmitter & { closeIdleConnections?(): void },
  connections: Connections,
): void {
  if (someLookIdle(connections)) return;
  for (const connection of connections.values()) {
    if (attempt(() => connection.state) !== 'half a request') continue;
    attemptOf(server, 'closeIdleConnections', () => server.closeIdleConnections?.());
    return;
  }
}
