import type { Server } from 'node:net';
import { attemptOf } from '../primitives/hear.ts';

/** Whether a server of Node listens; `undefined` if its getter throws. */
export function isListening(server: Server): boolean | undefined {
  return attemptOf(server, 'listening', () => server.listening);
}
