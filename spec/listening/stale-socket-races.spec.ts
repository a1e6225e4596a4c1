import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from '../../lib/listen.ts';
import { removeStaleSocket } from '../../lib/listening/stale-socket.ts';
import { limits } from '../support/limits.ts';
import { lineProcess, type LineProcess } from '../support/line-process.ts';
import { abortListeners } from '../support/listeners.ts';
import { readToEnd } from '../support/sockets.ts';
import { spawnNode, spawnScript } from '../support/spawn-script.ts';
import { leaveStaleFile } from '../support/stale-file.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('a socket file that several find', { timeout: 20_000 });
const linux = { cannot: limits.staleSockets };

let folder: string;
let path: string;
const processes: LineProcess[] = [];
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  path = join(folder, 'server.sock');
});
test.after.each(async () => {
  for (const { child, stop } of processes.splice(0)) {
    child.kill('SIGKILL');
    await stop();
  }
  await rm(folder, { recursive: true });
});

/** Another process that listens at the path when it is asked. */
async function starter(): Promise<LineProcess> {
  const child = spawnScript('spec/fixtures/unix-starter.ts', { args: [path] });
  return keep(await lineProcess(child));
}

/** One to which something happens when it is about to remove the file. */
async function disturbed(kind: 'held' | 'overtaken'): Promise<LineProcess> {
  // In Node, where a function of node:fs can be replaced for those who have imported it.
  const child = spawnNode('spec/fixtures/unix-starter.ts', { args: [path, kind] });
  return keep(await lineProcess(child));
}

function keep(process: LineProcess): LineProcess {
  processes.push(process);
  return process;
}

/** Lets one go on that is held up, once it is: it says so just before it stops. */
async function goOn({ child: { pid } }: LineProcess): Promise<void> {
  assert.ok(pid !== undefined);
  await until(() => / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
  // Not by `child.kill()`: on Deno it is over with a child that has been sent a signal.
  process.kill(pid, 'SIGCONT');
}

/** Who answers at the path. */
async function reached(): Promise<string> {
  return (await readToEnd(path)).text;
}

/** Waits until somebody waits for another process that is about to replace the file. */
async function untilSomebodyWaits(): Promise<void> {
  const { dev, ino } = lstatSync(path);
  const name = `@accept-loop/stale-socket/${dev}/${ino}.`;
  const locks = (): number => readFileSync('/proc/net/unix', 'utf8').split(name).length - 1;
  // The lock itself, and the connection by which one waits for it.
  await until(() => locks() >= 2);
}

test(
  'is replaced by one of eight processes that start at once, round after round',
  async () => {
    const starters = await Promise.all(Array.from({ length: 8 }, () => starter()));
    for (let round = 0; round < 25; round += 1) {
      await leaveStaleFile(path);
      const outcomes = await Promise.all(starters.map(({ ask }) => ask('listen')));
      const listening = starters.filter((_, index) => outcomes[index] === 'listening');
      assert.equal(listening.length, 1, `round ${round}: ${outcomes.join()}`);
      assert.equal(outcomes.filter((outcome) => outcome === 'EADDRINUSE').length, 7);
      assert.equal(await reached(), String(listening[0]?.child.pid), `round ${round}`);
      assert.equal(await listening[0]?.ask('close'), 'closed');
      assert.deepEqual(readdirSync(folder), [], 'nothing else is left');
    }
  },
  linux,
);

test(
  'is replaced by one of two when the first is held up, and the other waits for it',
  async () => {
    await leaveStaleFile(path);
    const [first, second] = await Promise.all([disturbed('held'), starter()]);
    assert.equal(await first.ask('listen'), 'held');
    const outcome = second.ask('listen');
    await untilSomebodyWaits();
    await goOn(first);
    const outcomes = [await first.ask('go on'), await outcome];
    assert.deepEqual(outcomes.toSorted(), ['EADDRINUSE', 'listening']);
    const winner = outcomes[0] === 'listening' ? first : second;
    assert.equal(await reached(), String(winner.child.pid));
  },
  linux,
);

test(
  'is replaced by another when the one that was held up is killed',
  async () => {
    await leaveStaleFile(path);
    const [first, second] = await Promise.all([disturbed('held'), starter()]);
    assert.equal(await first.ask('listen'), 'held');
    const outcome = second.ask('listen');
    await untilSomebodyWaits();
    first.child.kill('SIGKILL');
    assert.equal(await outcome, 'listening');
    assert.equal(await reached(), String(second.child.pid));
  },
  linux,
);

test(
  'is given up when the other process does not come to an end',
  async () => {
    await leaveStaleFile(path);
    const [first, second] = await Promise.all([disturbed('held'), starter()]);
    assert.equal(await first.ask('listen'), 'held');
    assert.equal(await second.ask('listen'), 'EADDRINUSE');
    assert.equal(existsSync(path), true);
    await goOn(first);
    assert.equal(await first.ask('go on'), 'listening');
    assert.equal(await reached(), String(first.child.pid));
  },
  linux,
);

test(
  'is given up when the signal aborts while another process has it',
  async () => {
    await leaveStaleFile(path);
    const first = await disturbed('held');
    assert.equal(await first.ask('listen'), 'held');
    const server = createServer();
    const stop = new AbortController();
    const call = listen(server, path, stop);
    await untilSomebodyWaits();
    stop.abort('stopped');
    await assert.rejects(call, (error) => error === 'stopped');
    assert.equal(server.listening, false);
    assert.equal(abortListeners(stop.signal), 0);
  },
  linux,
);

test(
  'is put back when a program that asks nobody has replaced it in the last moment',
  async () => {
    await leaveStaleFile(path);
    const first = await disturbed('overtaken');
    assert.equal(await first.ask('listen'), 'EADDRINUSE');
    assert.equal(await reached(), 'other');
    assert.deepEqual(readdirSync(folder), ['server.sock']);
    await first.stop();
  },
  linux,
);

for (const [title, name] of [
  ['has not begun to listen', 'server.sock'],
  ['has renamed it and has not begun to listen', 'server.sock.7.tmp'],
  ['has renamed it from a wholly other name', 'x'],
] as const) {
  test(
    `is not touched when its server ${title}`,
    async () => {
      const args = [join(folder, name), path];
      const child = spawnNode('spec/fixtures/bound-socket.ts', { args });
      const server = keep(await lineProcess(child));
      assert.equal(server.greeting, 'bound');
      const { ino, mtimeNs, mode } = lstatSync(path, { bigint: true });
      assert.equal(await removeStaleSocket(path, undefined), false);
      await assert.rejects(listen(createServer(), path), { code: 'EADDRINUSE' });
      const found = lstatSync(path, { bigint: true });
      assert.deepEqual([found.ino, found.mtimeNs, found.mode], [ino, mtimeNs, mode]);
      assert.equal(await server.ask('go on'), 'listening');
      assert.equal((await readToEnd(path)).by, 'end');
      await assert.rejects(listen(createServer(), path), { code: 'EADDRINUSE' });
    },
    linux,
  );
}

test(
  'is replaced although another server elsewhere has not begun to listen',
  async () => {
    const args = [join(folder, 'other.sock')];
    keep(await lineProcess(spawnNode('spec/fixtures/bound-socket.ts', { args })));
    await leaveStaleFile(path);
    const server = await listen(createServer(), path);
    const ended = once(server, 'close');
    server.close();
    await ended;
  },
  linux,
);

test.run();
