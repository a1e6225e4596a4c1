import assert from 'node:assert/strict';
import { startClients } from '../bench/latency/clients.ts';
import { measure } from '../bench/latency/measure.ts';
import { lineProcess } from '../support/line-process.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('a server beside one that drains', { timeout: 60_000 });

/** A round of the benchmark, made small. */
const load = {
  server: { count: 8, interval: 2000 },
  neighbour: { count: 8, interval: 2000 },
  idle: 100,
  lead: 200,
  window: 500,
};

async function start(path: string, ...args: readonly string[]) {
  const script = spawnScript(path, { args, stdio: ['pipe', 'pipe', 'inherit'] });
  const server = await lineProcess(script);
  return { ...server, port: Number(server.greeting) };
}

test(
  'and that one fail no request, and every idle connection is ended',
  async () => {
    const clients = await startClients();
    const server = await start('spec/bench/cost/server.ts', 'http', 'bare');
    const neighbour = await start('spec/bench/loss/worker.ts', 'drain', '0');
    const turn = await measure({ clients, server, neighbour, isStopped: true }, load);
    await Promise.all([clients.stop(), server.stop()]);
    assert.ok(turn.server.latencies.length > 0);
    assert.equal(turn.server.failed, 0);
    assert.ok(turn.neighbour.latencies.length > 0);
    assert.equal(turn.neighbour.failed, 0);
    assert.ok(turn.stop > 0, `stopped in ${turn.stop} ms`);
  },
  { needs: 'cc' },
);

test.run();
