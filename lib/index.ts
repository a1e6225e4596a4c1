export {
  type AcceptEventOptions,
  type AcceptLoop,
  type AcceptLoopOptions,
  acceptLoop,
} from './accept-loop.ts';
export type {
  AcceptMessage,
  DrainMessage,
  EndMessage,
  ErrorMessage,
  ProgressMessage,
  ShedMessage,
} from './diagnostics.ts';
export type { ListenTarget, ListenWhere } from './listening/where.ts';
export type { ConnectionOf, ConnectionServer, WebSocketServerLike } from './connection-of.ts';
export type { AcceptLoopStats } from './reports.ts';
export type { ServeContext } from './serving/task-context.ts';
export { type DelayedSignal, delaySignal } from './delay-signal.ts';
export { drain, type Draining, type DrainOptions } from './drain.ts';
export type { DrainReport, DrainStats } from './reports.ts';
export { listen, type ListenOptions } from './listen.ts';
export type { ServeReport, ServeStats } from './reports.ts';
export {
  serve,
  type ServeEventOptions,
  type ServeHandler,
  type ServeOptions,
  type Serving,
} from './serve.ts';
export {
  shutdownSignal,
  type ShutdownSignal,
  type ShutdownSignalOptions,
} from './shutdown-signal.ts';
export type { OpenConnection, OpenState, Straggler } from './reports.ts';
export { type SystemdSocket, systemdSockets } from './systemd-sockets.ts';
export { type TaskGroup, taskGroup, type TaskGroupOptions } from './task-group.ts';
