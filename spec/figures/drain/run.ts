import { setTimeout as sleep } from 'node:timers/promises';
import { halt } from '../../bench/loss/halt.ts';
import { stallUntilQueued } from '../../support/accept-queue.ts';
import { type LineProcess, lineProcess } from '../../support/line-process.ts';
import { spawnScript } from '../../support/spawn-script.ts';
import { systemTime } from './system-time.ts';
import { clients as kinds, type Line, type Run, type Stages, type WayName } from './types.ts';

/** Milliseconds. Short ones, so that all of it fits into a picture. */
export const GRACE = 2000;
export const IDLE = 800;
/** Milliseconds before the stop and after it that are drawn. */
export const BEFORE = 400;
export const AFTER = 2400;

/** Milliseconds before the end of a run in which no busy client begins a request. */
const QUIET = 300;

function start(path: string, ...args: readonly (string | number)[]): Promise<LineProcess> {
  const stdio = ['pipe', 'pipe', 'inherit'] as const;
  return lineProcess(spawnScript(path, { args: args.map(String), stdio: [...stdio] }));
}

/**
 * Stops a server under the same clients in one of the ways. The server process is halted for a moment,
 * as a busy system halts it: newcomers gather in the accept queue, and it finds them and the signal at
 * the same time.
 */
export async function run(way: WayName): Promise<Run> {
  const server = await start('spec/fixtures/timeline-server.ts', way, GRACE, IDLE);
  const clients = await start('spec/clients/timeline.ts');
  try {
    const port = Number(server.greeting);
    await clients.ask('begin', port);
    await sleep(BEFORE / 2);
    await halt(server.child);
    await clients.ask('queue');
    stallUntilQueued(port, kinds['in accept queue']);
    server.child.kill('SIGTERM');
    server.child.kill('SIGCONT');
    await clients.ask('stopped');
    await sleep(AFTER - QUIET);
    await clients.ask('quiet');
    await sleep(QUIET);
    const stages = JSON.parse(await server.ask('stages')) as Stages;
    const cut = systemTime();
    const lines = JSON.parse(await clients.ask('lines')) as Line[];
    return { lines, stages, cut };
  } finally {
    server.child.kill('SIGKILL');
    await clients.stop();
  }
}
