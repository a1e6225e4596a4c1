/** A round of rolling stops, in a process of its own: its settings and its result are JSON. */
import { type ChildProcess, fork } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { ClientSettings } from './client.ts';
import type { RoundResult, RoundSettings, Tally } from './types.ts';
import type { WorkerSettings } from './worker.ts';

/** Milliseconds that a stop may take. Then the process is killed, and counts as hung. */
const BOUND = 3000;

const settings = JSON.parse(process.argv[2] ?? '') as RoundSettings;
const port = await freePort();

/** Two workers of a cluster that each listen on port 0 do not come to share one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return address.port;
}

function forkScript(name: string, options: ClientSettings | WorkerSettings): ChildProcess {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const args = [JSON.stringify(options)];
  if (name === './client.ts' || settings.sharing === 'reusePort') return fork(path, args);
  cluster.schedulingPolicy = cluster[settings.sharing];
  cluster.setupPrimary({ exec: path, args });
  return cluster.fork().process;
}

/** Starts a server process, and waits until it listens. */
async function startServer(): Promise<ChildProcess> {
  const where = { port, host: '127.0.0.1', reusePort: settings.sharing === 'reusePort' };
  const server = forkScript('./worker.ts', { way: settings.way, where });
  const [message] = await Promise.race([once(server, 'message'), once(server, 'exit')]);
  if (message !== 'listening') throw new Error(`A server process has ended with ${message}`);
  return server;
}

/** Tells it to stop, waits for its end, and says whether it had to be killed. */
async function stopServer(server: ChildProcess): Promise<boolean> {
  const ended = once(server, 'exit');
  server.send('shutdown');
  const timer = setTimeout(() => server.kill('SIGKILL'), BOUND);
  await ended;
  clearTimeout(timer);
  if (server.exitCode) throw new Error(`A server process has ended with ${server.exitCode}`);
  return server.signalCode === 'SIGKILL';
}

let server = await startServer();
const client = forkScript('./client.ts', { ...settings, port });
const enough = new AbortController();
client.once('message', () => enough.abort());
const stops: number[] = [];
let hung = 0;
while (!enough.signal.aborted || stops.length < settings.stops) {
  const next = await startServer();
  const begun = performance.now();
  if (await stopServer(server)) hung += 1;
  stops.push(performance.now() - begun);
  server = next;
}
client.send('stop');
const [tally] = (await once(client, 'message')) as [Tally];
client.disconnect();
server.kill('SIGKILL');
const result: RoundResult = { ...tally, stops, hung };
process.stdout.write(`${JSON.stringify(result)}\n`);
