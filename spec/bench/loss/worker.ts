/**
 * A server process: `worker.ts WAY PORT [reusePort]`. Says its port when it listens, stops in its way
 * at SIGTERM, and leaves when that is done, or when its input ends. The servers of other programs,
 * beside this file, do the same.
 */
import cluster from 'node:cluster';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { shutdownSignal } from 'accept-loop';
import type { Way } from './stoppable.ts';
import { tcpWays } from './tcp-ways.ts';
import { ways } from './ways.ts';

/** For all that are made to wait. */
const BACKLOG = 4096;

const [name = '', port, sharing] = process.argv.slice(2);
const start = ({ ...ways, ...tcpWays } as Record<string, Way>)[name];
if (start === undefined) throw new Error(`Cannot serve: no way is called ${name}`);
process.on('disconnect', () => process.exit());
process.stdin.on('end', () => process.exit()).resume();
const signal = shutdownSignal();
const { server, listen, stop } = await start(signal);
const where = { port: Number(port), host: '127.0.0.1', backlog: BACKLOG };
const whole = { ...where, reusePort: sharing === 'reusePort' };
if (listen) await listen(whole);
else await once(server.listen(whole), 'listening');
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
if (!signal.aborted) await once(signal, 'abort');
await stop();
// Not by `process.exit()`: what a cluster's primary is just handing over would be lost. This waits
// until the primary has taken note that we listen no more.
cluster.worker?.disconnect();
// Deno goes on reading until its input ends.
if ('deno' in process.versions) process.exit();
process.stdin.destroy();
