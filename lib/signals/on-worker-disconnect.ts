import { WORKER_LOOK_MS } from '../bounds.ts';
import cluster from 'node:cluster';
import { hideFromChannel } from './on-ipc-message.ts';
import { shared, type Subscribe } from '../primitives/shared.ts';
import { unref } from '../primitives/timers.ts';

/**
 * Calls back when this process is a worker of a cluster and is told to disconnect, by the primary
 * or by itself, and when its primary is gone; repeatedly, with what has happened. It does not keep
 * the process alive.
 *
 * Node ends a worker whose primary is gone at once, its connections with it. It does not while
 * anybody is subscribed.
 */
export const onWorkerDisconnect: Subscribe<[message: string]> = shared((tell) => {
  const { worker } = cluster;
  if (!worker) return () => {};
  const look = (): void => {
    if (worker.exitedAfterDisconnect) tell('The cluster worker was told to disconnect');
  };
  const timer = setInterval(look, WORKER_LOOK_MS);
  unref(timer);
  const onDisconnect = (): void => {
    look();
    // Node's own listener looks at it next, and calls process.exit() where it is not true.
    worker.exitedAfterDisconnect = true;
    tell('The primary of the cluster worker is gone');
  };
  const onError = (error: NodeJS.ErrnoException): void => {
    // Whatever closes a listener tells the primary. Where that is gone, 'disconnect' comes next.
    if (error.code === 'EPIPE') return;
    // As if it were not there.
    if (worker.listenerCount('error') === 1) throw error;
  };
  worker.on('error', onError);
  process.prependListener('disconnect', onDisconnect);
  const stopHiding = hideFromChannel();
  return () => {
    clearInterval(timer);
    stopHiding();
    process.off('disconnect', onDisconnect);
    worker.off('error', onError);
  };
});
