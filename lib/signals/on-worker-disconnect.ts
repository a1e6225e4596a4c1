import { WORKER_LOOK_MS } from '../bounds.ts';
import cluster from 'node:cluster';
import { hideFromChannel } from './on-ipc-message.ts';
import { shared, type Subscribe } from '../primitives/shared.ts';
import { unref } from '../primitives/timers.ts';

let isTold = false;

/**
 * Calls back, in a worker of a cluster:
 *
 * - when the worker is told to disconnect, by its primary or by its own code;
 * - when its primary is gone.
 *
 * It calls back once, with a message that says what has happened first. Callbacks that are added
 * after that are not called. It does not keep the process alive.
 *
 * When the primary is gone, Node ends its workers at once, with their connections. While there is a
 * subscriber, Node does not end this worker.
 */
export const onWorkerDisconnect: Subscribe<[message: string]> = shared((tellAll) => {
  const { worker } = cluster;
  if (!worker) return () => {};
  const tell = (message: string): void => {
    if (isTold) return;
    isTold = true;
    tellAll(message);
  };
  const look = (): void => {
    if (worker.exitedAfterDisconnect) tell('The cluster worker was told to disconnect');
  };
  const timer = setInterval(look, WORKER_LOOK_MS);
  unref(timer);
  const onDisconnect = (): void => {
    look();
    // Node's own listener runs next, and calls process.exit() if this is not true.
    worker.exitedAfterDisconnect = true;
    tell('The primary of the cluster worker is gone');
  };
  const onError = (error: NodeJS.ErrnoException): void => {
    // A worker that closes a listener tells the primary. If the primary is gone, that fails with
    // EPIPE, and 'disconnect' comes next.
    if (error.code === 'EPIPE') return;
    // An 'error' without another listener has to throw, as if this listener were not there.
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
