import assert from 'node:assert/strict';
import { suite } from '../../support/suite.ts';
import { acceptLoopHappenings } from './accept-loop-happenings.ts';
import { AcceptLoopHistory } from './accept-loop-history.ts';
import type { AcceptLoopSetting } from './accept-loop-server.ts';
import { everyInterleaving } from './every-interleaving.ts';
import { isThorough, timeout } from './histories.ts';

const test = suite('every interleaving of acceptLoop', { timeout });

const names = [
  'arrive',
  'reset',
  'halfClose',
  'next',
  'break',
  'return',
  'abort',
  'serverError',
  'acceptError',
  'closeByOthers',
  'turn',
  'pass',
];

const usual: AcceptLoopSetting = {
  kind: 'net',
  maxQueued: 1,
  isListening: true,
  isAborted: false,
  hasReset: true,
  allowHalfOpen: false,
};

async function tryAll(
  setting: AcceptLoopSetting,
  depth: number,
  inOneGo: boolean,
): Promise<number> {
  const create = (): AcceptLoopHistory => new AcceptLoopHistory(setting);
  const letters = setting.isListening ? names : [...names, 'listen'];
  const alphabet = { create, happenings: acceptLoopHappenings, names: letters, depth, inOneGo };
  const count = await everyInterleaving(alphabet);
  const how = inOneGo ? 'in one go' : 'one by one';
  process.stdout.write(`  ${setting.kind}, up to ${depth} of ${letters.length} ${how}: ${count}\n`);
  return count;
}

/** As far as the time of a usual run goes. */
const most = isThorough
  ? { oneByOne: 6, inOneGo: 5, elsewhere: 3 }
  : { oneByOne: 3, inOneGo: 3, elsewhere: 2 };

test(`holds for up to ${most.oneByOne} things that happen, one by one`, async () => {
  const count = await tryAll(usual, most.oneByOne, false);
  // What is cut short because nothing comes of it must not be most of it.
  assert.ok(!isThorough || count > 200_000, `${count}`);
});

test(`holds for up to ${most.inOneGo} things that happen in one go`, async () => {
  const count = await tryAll(usual, most.inOneGo, true);
  assert.ok(!isThorough || count > 40_000, `${count}`);
});

const settings: Record<string, Partial<AcceptLoopSetting>> = {
  'with TLS handshakes': { kind: 'tls' },
  'on an emitter that is no server': { kind: 'emitter' },
  'on a server that listens later': { isListening: false },
  'with no place in the queue': { maxQueued: 0 },
  'with half-open connections, on a Unix socket': { allowHalfOpen: true, hasReset: false },
};

for (const [title, setting] of Object.entries(settings)) {
  test(`holds for up to ${most.elsewhere} things ${title}`, async () => {
    for (const inOneGo of [false, true]) {
      await tryAll({ ...usual, ...setting }, most.elsewhere, inOneGo);
    }
  });
}

test.run();
