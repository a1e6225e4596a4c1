/**
 * A round of rolling stops, in a process of its own: `round.ts SETTINGS WORKER`. Its settings and its
 * result are JSON. The worker is the path of worker.ts, as the runtime can run it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { lineClient } from '../../support/line-client.ts';
import { type LineProcess, lineProcess } from '../../support/line-process.ts';
import type { ClientSettings } from './client.ts';
import type { RoundResult, RoundSettings, Tally } from './types.ts';

/** Milliseconds that a stop may take. Then the process is killed, and counts as hung. */
const BOUND = 3000;

const [, , given = '', exec] = process.argv;
const settings = JSON.parse(given) as RoundSettings;
const port = await freePort();

/** Two workers of a cluster that each listen on port 0 do not come to share one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return address.port;
}

function spawnServer(): ChildProcess {
  const { way, sharing, command = [] } = settings;
  const args = [way, String(port), sharing];
  if (sharing === 'reusePort') {
    const [program = '', ...leading] = command;
    return spawn(program, [...leading, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  }
  cluster.schedulingPolicy = cluster[sharing];
  cluster.setupPrimary({ exec, args, stdio: ['pipe', 'pipe', 'inherit', 'ipc'] });
  return cluster.fork().process;
}

/** Tells it to stop, waits for its end, and says whether it had to be killed. */
async function stopServer({ child }: LineProcess): Promise<boolean> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), BOUND);
  await ended;
  clearTimeout(timer);
  const { exitCode, signalCode } = child;
  if (exitCode === 0 || signalCode === 'SIGKILL') return signalCode === 'SIGKILL';
  throw new Error(`A server process has ended with ${exitCode ?? signalCode}`);
}

const client = await lineClient('spec/bench/loss/client.ts');
let server = await lineProcess(spawnServer());
const load: ClientSettings = { client: settings.client, port, requests: settings.requests };
const enough = new AbortController();
void client.ask(JSON.stringify(load)).then(() => enough.abort());
const stops: number[] = [];
let hung = 0;
while (!enough.signal.aborted || stops.length < settings.stops) {
  // It listens when it has said its port.
  const next = await lineProcess(spawnServer());
  const begun = performance.now();
  if (await stopServer(server)) hung += 1;
  stops.push(performance.now() - begun);
  server = next;
}
const tally = JSON.parse(await client.ask('stop')) as Tally;
await client.stop();
await server.stop();
const result: RoundResult = { ...tally, stops, hung };
process.stdout.write(`${JSON.stringify(result)}\n`);
