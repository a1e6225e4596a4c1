import cluster from 'node:cluster';
import { shared, type Subscribe } from './shared.ts';

/**
 * Milliseconds between two looks. There is no event to wait for: `'disconnect'` comes after the
 * last connection has closed. Short beside any grace, and no load: 20 a second.
 */
const LOOK_MS = 50;

/**
 * Calls back when this process is a worker of a cluster and is told to disconnect, by the primary
 * or by itself. It does not keep the process alive.
 */
export const onWorkerDisconnect: Subscribe<[]> = shared((tell) => {
  const { worker } = cluster;
  if (!worker) return () => {};
  const look = (): void => {
    if (worker.exitedAfterDisconnect) tell();
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
});
