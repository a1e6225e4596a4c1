export {
  type AcceptEventOptions,
  type AcceptLoop,
  type AcceptLoopOptions,
  acceptLoop,
} from './accept-loop.ts';
export type { ErrorMessage } from './channels.ts';
export type { ConnectionOf, ConnectionServer, WebSocketServerLike } from './connection-of.ts';
export type { AcceptLoopStats } from './connection-queue.ts';
