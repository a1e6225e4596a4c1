import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { DrainReport, ServeReport } from '../../../lib/index.ts';
import type { Limit } from '../../support/limits.ts';
import { killPrograms, startProgram } from '../../support/programs.ts';
import { runtime } from '../../support/runtime.ts';
import { suite } from '../../support/suite.ts';
import { assertCounts } from '../../support/serve-counts.ts';
import { scriptCommand } from '../../support/spawn-script.ts';

const test = suite('a peer that disappears without a word', { timeout: 30_000 });
test.after.each(killPrograms);

/** Milliseconds. */
const grace = 1500;

/** What a busy machine may add to the 250 ms, before which it has to be over. */
const SLACK_MS = 1000;

/** A network of its own, of which this machine's notices nothing. */
const inNetwork = ['-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

/** A container may not make one. */
function whyNot(): Limit[] {
  const { status, stderr, error } = spawnSync('unshare', [...inNetwork, 'true']);
  if (status === 0) return [];
  const reason = `no network namespace can be made: ${error?.message ?? String(stderr).trim()}`;
  return [{ runtimes: [runtime.name], title: 'Take a link down', reason }];
}

type Line = [name: string, report: Record<string, unknown>, milliseconds: number];

/** What is counted of each. */
const counts: Record<string, Partial<Record<keyof ServeReport, number>>> = {
  'serve: in flight': { accepted: 1, forced: 1 },
  'serve: flushing': { accepted: 1, completed: 1 },
  'serve: lingering': { accepted: 1, completed: 1 },
  'serve: queued': { accepted: 2, forced: 1, abandoned: 1, discarded: 1 },
  'serve: handshake': {},
  'serve: half a request': { accepted: 1, forced: 1 },
  'serve: WebSocket': { accepted: 1, forced: 1, abandoned: 1 },
  'serve: in a task group': { accepted: 1, forced: 1, abandoned: 1 },
};

/** How many are ended by force. An idle one is ended like any other: nothing of it is missing. */
const drained: Record<string, number> = {
  // Bun knows a connection only from its first request: there is no half of one.
  'drain: idle, in flight, half sent, upgraded': runtime.name === 'bun' ? 2 : 3,
  'drain: HTTP/2': 1,
  'drain: WebSocket': 1,
};

test(
  'is ended at the deadline at the latest, at whatever stage, and is counted',
  async () => {
    const fixture = scriptCommand('spec/chaos/fixtures/vanished-peers.ts');
    const program = startProgram('unshare', [...inNetwork, ...fixture, String(grace)]);
    const { code, stdout, stderr } = await program.ending;
    assert.deepEqual([code, stderr], [0, '']);
    const [first, ...lines] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    assert.deepEqual(first?.[1], { completed: 1, forced: 0, heard: 'meanwhile' });
    assert.deepEqual(
      lines.map(([name]) => name).toSorted(),
      [...Object.keys(counts), ...Object.keys(drained)].toSorted(),
    );
    for (const [name, report, milliseconds] of lines) {
      // Handshakes have the bound of the last call.
      const due = name === 'serve: handshake' ? 500 : grace;
      assert.ok(milliseconds < due + SLACK_MS, `${name}: ${milliseconds}`);
      const expected = counts[name];
      const stragglers = report['stragglers'] as unknown[];
      if (expected) assertCounts(report as unknown as ServeReport, expected);
      else assert.equal((report as unknown as DrainReport).forced, drained[name], name);
      assert.ok(stragglers.length > 0, name);
    }
  },
  { cannot: whyNot() },
);

test.run();
