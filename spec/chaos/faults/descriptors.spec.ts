import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServeReport } from '../../../lib/index.ts';
import { limits } from '../../support/limits.ts';
import { killPrograms, type Program, startProgram, watch } from '../../support/programs.ts';
import { assertReport } from '../../support/report.ts';
import { connect } from '../../support/sockets.ts';
import { runtime } from '../../support/runtime.ts';
import { projectRoot, scriptCommand, spawnNode } from '../../support/spawn-script.ts';
import { suite } from '../../support/suite.ts';

const leavesWaiting = (limits.shortageSpins.runtimes as readonly string[]).includes(runtime.name);
const descriptors = 100;
const clients = 1000;

const test = suite('a shortage of descriptors', { timeout: 60_000 });
test.after.each(killPrograms);

function startLimited(path: string): Program {
  const command = `ulimit -n ${descriptors}; PORT=0 exec "$@"`;
  return startProgram('sh', ['-c', command, 'sh', ...scriptCommand(path)]);
}

interface Tally {
  readonly served: number;
  readonly ended: number;
  readonly reset: number;
  readonly waiting: number;
}

/** A client process that answers each order with a line. */
async function startCrowd(): Promise<(order: string) => Promise<unknown>> {
  const { child, write } = watch(spawnNode('spec/chaos/fixtures/crowd.ts'));
  const lines = createInterface(child.stdout ?? assert.fail())[Symbol.asyncIterator]();
  await lines.next();
  return async (order) => {
    write(`${order}\n`);
    return JSON.parse((await lines.next()).value ?? assert.fail('the crowd has gone'));
  };
}

type Tell = (order: string) => Promise<unknown>;

/** Holds so many connections, and waits until it is known what becomes of each. */
async function crowdOf(port: number, count: number, tell: Tell): Promise<Tally> {
  let tally = (await tell(`hold ${port} ${count}`)) as Tally;
  for (let before = count; tally.waiting > 0; before = tally.waiting) {
    await delay(100);
    tally = (await tell('tally')) as Tally;
    // On Bun, who is not accepted goes on waiting: those are the others when nothing changes.
    if (leavesWaiting && tally.waiting === before && (tally.served > 0 || count < descriptors))
      return tally;
  }
  return tally;
}

async function echoes(port: number): Promise<boolean> {
  const { socket, ending } = await connect(port);
  socket.end('hello');
  return (await ending).text === 'hello';
}

/** Waits until it does: of a crowd that leaves it hears one after the other. */
async function servesAgain(port: number): Promise<void> {
  while (!(await echoes(port))) await delay(10);
}

/** The share of one processor that a process takes for half a second. */
async function load({ child }: Program): Promise<number> {
  const ticks = (): number => {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
    return Number(fields?.[11]) + Number(fields?.[12]);
  };
  const [begun, before] = [performance.now(), ticks()];
  await delay(500);
  return ((ticks() - before) * 10) / (performance.now() - begun);
}

async function assertStops(server: Program): Promise<ServeReport> {
  server.signal('SIGTERM');
  const { code, stdout, stderr } = await server.ending;
  assert.deepEqual([code, stderr], [0, '']);
  assert.doesNotMatch(stdout, /error:/);
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as ServeReport;
  assertReport(report);
  return report;
}

/** Has clients take all descriptors, and then the process itself. Gives the load of both times. */
async function exhaust(): Promise<number[]> {
  const server = startLimited('spec/chaos/fixtures/exhausted-server.ts');
  const tell = await startCrowd();
  const port = Number((await server.printed(/^listening on (\d+)$/m))[1]);
  const crowd = await crowdOf(port, clients, tell);
  assert.ok(crowd.served > 0 && crowd.served < descriptors, JSON.stringify(crowd));
  const loads = [await load(server)];
  await tell('leave');
  await servesAgain(port);
  server.write('eat\n');
  await server.printed(/^ate EMFILE$/m);
  const shut = await crowdOf(port, 20, tell);
  assert.equal(shut.served, 0);
  loads.push(await load(server));
  server.write('free\n');
  await server.printed(/^freed$/m);
  await servesAgain(port);
  await tell('leave');
  const report = await assertStops(server);
  assert.ok(report.accepted >= crowd.served + 2, JSON.stringify(report));
  return loads;
}

let loads: Promise<number[]> | undefined;

test(
  'is outlived: the process serves again when they are back, and stops in order (A26)',
  async () => void (await (loads ??= exhaust())),
  { cannot: limits.shortageKills },
);

test(
  'costs next to no time of the processor',
  async () => {
    for (const share of await (loads ??= exhaust())) assert.ok(share < 0.5, `${share}`);
  },
  { cannot: [limits.shortageKills, limits.shortageSpins] },
);

test(
  'does not come about with a safe concurrency: every task has its file',
  async () => {
    const example = 'docs/examples/safe-concurrency.ts';
    const server = startLimited(example);
    const tell = await startCrowd();
    const [, port] = await server.printed(/^listening on 127\.0\.0\.1:(\d+)$/m);
    const fetched = await tell(`fetch ${port} ${clients}`);
    const { sizes } = fetched as { sizes: number[] };
    assert.deepEqual(sizes, [statSync(`${projectRoot}/${example}`).size]);
    server.signal('SIGTERM');
    const { code, stdout, stderr } = await server.ending;
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /failed: 0,/);
  },
  { cannot: limits.shortageKills },
);

test.run();
