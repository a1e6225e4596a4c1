/**
 * Draws docs/figures/drain.svg from a run of each way to stop, and connection.svg from its table.
 *
 *     npm run figures [-- drain]
 */
import { writeFileSync } from 'node:fs';
import { drawConnection } from './connection/picture.ts';
import { drawDrain, panels } from './drain/picture.ts';
import { run } from './drain/run.ts';
import type { Run, WayName } from './drain/types.ts';

const [only = ''] = process.argv.slice(2);

function write(name: string, picture: string): void {
  writeFileSync(new URL(`../../docs/figures/${name}.svg`, import.meta.url), picture);
}

if ('connection'.includes(only)) write('connection', drawConnection());
if ('drain'.includes(only)) {
  const runs = {} as Record<WayName, Run>;
  for (const { way } of panels) runs[way] = await run(way);
  write('drain', drawDrain(runs, `Node ${process.versions.node}`));
}
