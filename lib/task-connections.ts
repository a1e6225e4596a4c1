import type { ConnectionKind } from './connection-kind.ts';
import { ConnectionTask, type TaskScope } from './connection-task.ts';

/** The loop carries tasks: each knows from its accept on who came, and when. */
export function taskConnections<Connection>(
  connections: ConnectionKind<Connection>,
  scope: TaskScope<Connection>,
  onRefuse: (task: ConnectionTask<Connection>) => void,
): ConnectionKind<ConnectionTask<Connection>> {
  return {
    event: connections.event,
    accept: (...args) => new ConnectionTask(connections.accept(...args), scope),
    life: ({ connection }) => connections.life(connection),
    isGone: ({ connection }) => connections.isGone(connection),
    release: ({ connection }) => connections.release(connection),
    refuse(task) {
      onRefuse(task);
      connections.refuse(task.connection);
    },
    subject: ({ connection }) => connection,
  };
}
