import type { Server } from 'node:net';

/**
 * Closes a server's listener and nothing else. Node's `http.Server.close()` also ends the idle
 * connections, silent newcomers among them, by calling its own `closeIdleConnections()`: a property
 * on this one object hides that method for the length of the call.
 */
export function closeServer(server: Server): void {
  if (!('closeIdleConnections' in server)) {
    server.close();
    return;
  }
  Object.defineProperty(server, 'closeIdleConnections', { value() {}, configurable: true });
  try {
    server.close();
  } finally {
    Reflect.deleteProperty(server, 'closeIdleConnections');
  }
}
