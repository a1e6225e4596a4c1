import type { Http2Session } from 'node:http2';
import { attempt } from '../../primitives/attempt.ts';
import { guard } from '../protocol.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';
import { setImmediate } from '../../primitives/timers.ts';

/** A session that is ended by force in three steps. Each comes a turn after the one before. */
export interface Cuttable {
  cut(): void;
  destroy(): void;
  destroySocket(): void;
}

/** The sessions that are followed, with their connections. */
export const followed: WeakMap<Http2Session, Cuttable> = new WeakMap();

/**
 * Destroys a session that is not followed, and its socket. Node would leave the socket to a client
 * that goes on.
 */
export function destroySession(session: Http2Session): void {
  if (session.destroyed) return;
  // on() returns the socket itself. `session.socket` is a proxy that cannot end it.
  const socket = session.socket.on('error', guard);
  warnOfRejection(session.destroy());
  setImmediate(() => setImmediate(() => attempt(() => socket.destroy())));
}

/**
 * Ends a session by force. Its streams are cut, so that half an answer does not pass for a whole
 * one.
 */
export function cutSession(session: Http2Session): void {
  const connection = followed.get(session);
  if (connection === undefined) return destroySession(session);
  connection.cut();
  setImmediate(() => {
    connection.destroy();
    setImmediate(() => connection.destroySocket());
  });
}
