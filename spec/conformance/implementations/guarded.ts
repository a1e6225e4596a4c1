import type { Socket } from 'node:net';
import type { Context, Handler } from '../implementation.ts';
import { type Brought, connectionOf } from './socket-connection.ts';

/** Who has no such handlers has no signals for them: what needs them is not asked of it. */
const noContext = undefined as unknown as Context;

/** Calls a handler as a careful user does where nobody looks after sockets and rejections. */
export async function guarded(handler: Handler, brought: Brought): Promise<void> {
  const socket: Socket = Array.isArray(brought) ? brought[0].socket : brought;
  socket.on('error', () => {});
  try {
    await handler(connectionOf(brought), noContext);
  } catch {
    socket.destroy();
  }
}
