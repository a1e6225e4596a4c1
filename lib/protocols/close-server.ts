import type { Http2Session } from 'node:http2';
import type { Server } from 'node:net';
import { attempt, attemptEach } from '../primitives/attempt.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';

const hidden = { value() {}, configurable: true, writable: true };

/**
 * Closes a server's listener and nothing else. Node's `http.Server.close()` also ends the idle
 * connections, silent newcomers among them, by calling its own `closeIdleConnections()`, and that
 * of HTTP/2 (since Node 24) calls `close()` of every session: properties on these very objects hide
 * those methods for the length of the call.
 */
export function closeServer(server: Server, sessions: Iterable<Http2Session> = []): void {
  // They are their owner's, and may resist. The listener is closed all the same.
  const hiding = [attempt(() => hide(server, 'closeIdleConnections'))];
  for (const session of sessions) hiding.push(attempt(() => hide(session, 'close')));
  try {
    // One of its owner's may be async.
    warnOfRejection(server.close());
  } finally {
    attemptEach(hiding, (show) => show?.());
  }
}

/** Hides a method of an object, if there is one. */
function hide(object: object, name: string): () => void {
  if (!(name in object)) return () => {};
  const own = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, hidden);
  return () => {
    Reflect.deleteProperty(object, name);
    if (own !== undefined) Object.defineProperty(object, name, own);
  };
}
