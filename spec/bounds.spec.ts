import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as bounds from '../lib/bounds.ts';
import { projectRoot } from './support/spawn-script.ts';
import { suite } from './support/suite.ts';

const test = suite('the bounds that documents quote');

type Bound = keyof typeof bounds;

const values = new Map<string, number>(Object.entries(bounds));

/** The longest last call, in ms. */
const longest = bounds.HANDING_OUT_MS + bounds.LAST_CALL_MS;

/** As documents write it. */
function write(bound: Bound, unit = 1): string {
  const value = (values.get(bound) ?? assert.fail(bound)) / unit;
  return value < 10_000 ? String(value) : value.toLocaleString('en').replaceAll(',', ' ');
}

const seconds = (bound: Bound): string => `${write(bound, 1000)} s`;

/** Sentences, or parts of them, by their documents. */
const quotes: Readonly<Record<string, readonly string[]>> = {
  'SECURITY.md': [
    `\`maxQueued\` (${write('MAX_QUEUED')}) connections wait`,
    `the last call ends ${write('LAST_CALL_MS')} ms after the last pause of its first ${write('HANDING_OUT_MS')} ms, or after ${write('LAST_CALL_CONNECTIONS')} connections: ${longest} ms at most`,
    `destroyed ${write('LAST_CALL_MS')} ms after the abort`,
    `\`flush\` (${seconds('FLUSH_MS')}, and up to two seconds)`,
    `ends after \`linger\` (${seconds('LINGER_MS')}); ${write('MAX_LINGERING')} of them at once`,
    `\`grace\` (${seconds('GRACE_MS')}) and ${write('GONE_MS')} ms`,
    `A method or URL is cut after ${write('SHOWN_URL')} characters`,
  ],
  'docs/api.md': [
    `later than ${write('REPETITION_MS')} ms after the first`,
    `cut after ${write('SHOWN_URL')} characters`,
  ],
  'README.md': [`This takes about 20 ms, and ${longest} ms at most.`],
  'docs/serving.md': [`This takes about 20 ms, and ${longest} ms at most.`],
  'docs/draining.md': [
    `about 20, at most ${longest} `,
    `each second the ${write('PRINTED_CONNECTIONS')} connections`,
  ],
  'docs/listening.md': [`As many as ${write('BACKLOG')} connections may wait in the kernel`],
};

for (const [document, parts] of Object.entries(quotes)) {
  const text = readFileSync(join(projectRoot, document), 'utf8');
  for (const part of parts) {
    test(`${document}: ${part}`, () => assert.ok(text.includes(part)));
  }
}

const defaults = {
  maxQueued: 'MAX_QUEUED',
  grace: 'GRACE_MS',
  idle: 'IDLE_MS',
  linger: 'LINGER_MS',
  flush: 'FLUSH_MS',
} as const;

const rows = readFileSync(join(projectRoot, 'docs/api.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));

for (const [option, bound] of Object.entries(defaults)) {
  test(`docs/api.md: the default of ${option}`, () => {
    const cells = rows.filter(([, name]) => name === `\`${option}\``).map(([, , , cell]) => cell);
    assert.ok(cells.length > 0);
    assert.deepEqual(new Set(cells), new Set([write(bound)]));
  });
}

test.run();
