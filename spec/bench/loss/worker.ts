/** A server process: listens, says so, and stops in its way when it is told to. */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { shutdownSignal } from 'accept-loop';
import { type Way, type WayName, type Where, ways } from './ways.ts';

export interface WorkerSettings {
  readonly way: WayName;
  readonly where: Where;
}

const { way, where } = JSON.parse(process.argv[2] ?? '') as WorkerSettings;
process.on('disconnect', () => process.exit());
const signal = shutdownSignal();
const start: Way = ways[way];
const { listen, stop } = await start(signal);
await listen(where);
process.send?.('listening');
if (!signal.aborted) await once(signal, 'abort');
await stop();
// Not by `process.exit()`: what a cluster's primary is just handing over would be lost. This waits
// until the primary has taken note that we listen no more.
if (cluster.worker) cluster.worker.disconnect();
else process.disconnect?.();
