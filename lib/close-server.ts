import type { Server } from 'node:net';

const hidden = { value() {}, configurable: true, writable: true };

/**
 * Closes a server's listener and nothing else. Node's `http.Server.close()` also ends the idle
 * connections, silent newcomers among them, by calling its own `closeIdleConnections()`: a property
 * on this one object hides that method for the length of the call.
 */
export function closeServer(server: Server): void {
  const name = 'closeIdleConnections';
  if (!(name in server)) {
    server.close();
    return;
  }
  const own = Object.getOwnPropertyDescriptor(server, name);
  Object.defineProperty(server, name, hidden);
  try {
    server.close();
  } finally {
    Reflect.deleteProperty(server, name);
    if (own !== undefined) Object.defineProperty(server, name, own);
  }
}
