import type { Server } from 'node:net';
import type { Tuning } from '../plan.ts';

/** Milliseconds: within a round. */
const SHORT_MS = 60;

type Tunable = Server & {
  maxRequestsPerSocket?: number;
  httpAllowHalfOpen?: boolean;
  keepAliveTimeout?: number;
  headersTimeout?: number;
  requestTimeout?: number;
  setTimeout?: (milliseconds: number) => unknown;
};

/** Sets a server up as its owner may have. What it does not know does no harm. */
export function tune(server: Tunable, tuning: Tuning): void {
  if (tuning === 'few connections') server.maxConnections = 3;
  if (tuning === 'few requests a socket') server.maxRequestsPerSocket = 3;
  if (tuning === 'half-open HTTP') server.httpAllowHalfOpen = true;
  if (tuning === 'a timeout for sockets') server.setTimeout?.(SHORT_MS);
  if (tuning !== 'short timeouts') return;
  server.keepAliveTimeout = SHORT_MS;
  server.headersTimeout = SHORT_MS;
  server.requestTimeout = SHORT_MS;
}
