import assert from 'node:assert/strict';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { DrainReport } from 'accept-loop';
import { findProgram } from '../support/find-program.ts';
import { limits } from '../support/limits.ts';
import { killPrograms, type Program, watch } from '../support/programs.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('a page in Chromium', { timeout: 60_000 });

const ROLLS = 3;

/** It asks for nothing of its own from elsewhere. */
const loopback = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1';

/** What the page has seen; see page.html. */
interface Seen {
  readonly fetched: number;
  /** How many of its three loops of fetches have come to their end. */
  readonly ended: number;
  readonly failed: readonly string[];
  /** Who has answered its fetches, each time it was another one. */
  readonly instances: readonly string[];
  /** Who has sent its event stream. */
  readonly streams: readonly string[];
  readonly goodbyes: number;
  /** Who has greeted it on its WebSocket, while that is open. */
  readonly webSocket?: string;
  readonly closes: readonly (readonly [code: number, wasClean: boolean])[];
  enough: boolean;
}
declare const seen: Seen;

let browser: Browser | undefined;

test.after.each(killPrograms);
test.after(async () => browser?.close());

async function openPage(url: string): Promise<Page> {
  const executablePath = findProgram('chromium') ?? assert.fail('no chromium');
  browser ??= await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', loopback],
  });
  const page = await browser.newPage();
  await page.goto(url);
  return page;
}

/** Waits until the page has seen something; says what it has seen when it does not. */
async function sees(page: Page, what: (wanted: number) => boolean, wanted = 0): Promise<void> {
  try {
    await page.waitForFunction(what, wanted, { timeout: 15_000, polling: 50 });
  } catch (error) {
    assert.fail(`${String(error)}: ${JSON.stringify(await page.evaluate(() => seen))}`);
  }
}

/** Whether fetches, event stream and WebSocket have all come to the same instance, the latest. */
function isWithLatest(count: number): boolean {
  const { streams, instances, webSocket } = seen;
  const latest = streams.at(-1);
  return streams.length === count && instances.at(-1) === latest && webSocket === latest;
}

function reportsIn(stdout: string): DrainReport[] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as DrainReport);
}

async function roll(program: Program, port: number): Promise<void> {
  const page = await openPage(`http://127.0.0.1:${port}/`);
  await sees(page, isWithLatest, 1);
  for (let rolls = 1; rolls <= ROLLS; rolls += 1) {
    program.write('roll\n');
    await sees(page, isWithLatest, rolls + 1);
  }
  await page.evaluate(() => (seen.enough = true));
  await sees(page, () => seen.ended === 3);
  program.end('stop\n');
  await sees(page, () => seen.webSocket === undefined);
  const { code, stdout, stderr } = await program.ending;
  assert.deepEqual([code, stderr], [0, '']);
  const { fetched, failed, instances, goodbyes, closes } = await page.evaluate(() => seen);
  assert.deepEqual(failed, []);
  assert.ok(fetched > 100, String(fetched));
  assert.equal(new Set(instances).size, ROLLS + 1);
  // It may come back to the one that leaves, on the connection that it has.
  assert.ok(goodbyes > ROLLS, String(goodbyes));
  assert.ok(closes.length > ROLLS, String(closes));
  assert.deepEqual(new Set(closes.map(String)), new Set(['1001,true']));
  const reports = reportsIn(stdout);
  assert.equal(reports.length, ROLLS + 1);
  for (const { finished, forced, stragglers } of reports) {
    assert.ok(finished > 0);
    assert.deepEqual([forced, stragglers], [0, []]);
  }
  await page.close();
}

test(
  'sees no failed fetch, the end of its stream and 1001 while servers take turns',
  async () => {
    const program = watch(spawnScript('spec/fixtures/frameworks/rolling.ts'));
    const [, port] = await program.printed(/^listening on 127\.0\.0\.1:(\d+)$/m);
    await roll(program, Number(port));
  },
  { needs: 'chromium', cannot: limits.rollingStops },
);

test.run();
