import type { Http2Session } from 'node:http2';
import type { Server } from 'node:net';
import { attempt, attemptEach } from '../primitives/attempt.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';

const hidden = { value() {}, configurable: true, writable: true };

/**
 * Closes a server's listener, and nothing else.
 *
 * Node's own `close()` does more. An `http.Server` calls its own `closeIdleConnections()`, which
 * also ends newcomers that have been silent. An HTTP/2 server calls `close()` of every session,
 * since Node 24. Properties on these very objects hide those methods during the call.
 */
export function closeServer(server: Server, sessions: Iterable<Http2Session> = []): void {
  // The objects are their owner's, and may throw. The listener is closed all the same.
  const hiding = [attempt(() => hide(server, 'closeIdleConnections'))];
  for (const session of sessions) hiding.push(attempt(() => hide(session, 'close')));
  try {
    // The owner may have replaced `close()` by an async function.
    warnOfRejection(server.close());
  } finally {
    attemptEach(hiding, (show) => show?.());
  }
}

/** Hides a method of an object, if it has that method. @returns What shows the method again. */
function hide(object: object, name: string): () => void {
  if (!(name in object)) return () => {};
  const own = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, hidden);
  return () => {
    Reflect.deleteProperty(object, name);
    if (own !== undefined) Object.defineProperty(object, name, own);
  };
}
