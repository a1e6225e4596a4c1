import { requestTasks } from './request-tasks.ts';
import type { ServerKind } from './server-kind.ts';
import { streamTasks } from './stream-tasks.ts';
import type { TaskKind } from './task-kind.ts';
import { webSocketTasks } from './web-socket-tasks.ts';

/** How the connections that a server brings are served. */
export function taskKindOf({ name, connections, http }: ServerKind): TaskKind {
  if (http !== undefined && connections.event === 'request') return requestTasks;
  return name === 'WebSocket' ? webSocketTasks : streamTasks(connections);
}
