import type { EventEmitter } from 'node:events';
import { attemptOf } from '../../primitives/hear.ts';

/**
 * A timeout of a Node server, in milliseconds. Node's 0 becomes `Infinity`, and so does a timeout
 * that the server does not have.
 */
export function timeoutOf(
  server: EventEmitter & { headersTimeout?: number; requestTimeout?: number },
  name: 'headersTimeout' | 'requestTimeout',
): number {
  const timeout = attemptOf(server, name, () => server[name]) ?? 0;
  return timeout === 0 ? Infinity : timeout;
}
