import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, type } from 'node:os';
import { benchRuntime } from './bench-runtime.ts';

const root = new URL('../../', import.meta.url);
const end = '<!-- End. -->';

/** The conditions under which figures hold. @param runtimes - Of the servers. */
export function machine(...runtimes: readonly string[]): string {
  const processors = cpus();
  const titles = runtimes.length > 0 ? runtimes : [benchRuntime().title];
  return `${titles.join(', ')}, ${type()} ${release()}, ${processors.length} × ${processors[0]?.model.trim()}.`;
}

/** Puts what a benchmark has found in its place on a page. */
export function writeSection(script: string, text: string, path = 'docs/benchmarks.md'): void {
  const page = new URL(path, root);
  const before = readFileSync(page, 'utf8');
  const begin = `<!-- Written by npm run ${script}. -->`;
  const head = before.indexOf(begin);
  const tail = before.indexOf(end, head);
  if (head < 0 || tail < 0)
    throw new Error(`Cannot write ${page.pathname}: no place for ${script}`);
  const start = before.slice(0, head + begin.length);
  writeFileSync(page, `${start}\n\n${text}\n\n${before.slice(tail)}`);
}
