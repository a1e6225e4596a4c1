import type { EventEmitter } from 'node:events';
import { attemptOf } from '../../primitives/hear.ts';

/** A time of Node's, in milliseconds, of which 0 is none. Not every server has it. */
export function timeoutOf(
  server: EventEmitter & { headersTimeout?: number; requestTimeout?: number },
  name: 'headersTimeout' | 'requestTimeout',
): number {
  const timeout = attemptOf(server, name, () => server[name]) ?? 0;
  return timeout === 0 ? Infinity : timeout;
}
