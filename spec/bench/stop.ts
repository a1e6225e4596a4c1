/**
 * How long a stop takes, and for how long it stops the event loop: the figures of docs/benchmarks.md.
 *
 *     npm run bench:stop [-- --rounds 4 --sizes 10,100,1000,10000 --only http --runtime bun]
 *
 * Idle connections, over TCP and kept alive over HTTP, in one client process; a fresh server process
 * for each stop; and queues that are full when their loop ends. `--only`: ways whose name contains
 * this (`queue` for the queues). With any of them it only prints.
 */
import { parseArgs } from 'node:util';
import { lineClient } from '../support/line-client.ts';
import { benchRuntime } from './bench-runtime.ts';
import { writeLineFigure } from './line-figure.ts';
import { machine, writeSection } from './section.ts';
import { queueTable } from './stop/queue-table.ts';
import { type QueueCase, runQueue } from './stop/run-queue.ts';
import { runStop, type Stop } from './stop/run-stop.ts';
import { StopFigures } from './stop/stop-figures.ts';
import { wayNames } from './stop/way-names.ts';
import { takeTurns } from './take-turns.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    sizes: { type: 'string' },
    only: { type: 'string' },
    runtime: { type: 'string' },
  },
});
const { rounds = '4', sizes = '10,100,1000,10000', only = '' } = values;
const runtime = benchRuntime(values.runtime);

const stops: Stop[] = wayNames
  .filter((way) => way.includes(only))
  .flatMap((way) => sizes.split(',').map((size) => ({ way, size: Number(size) })));
const queues: QueueCase[] = [
  ...[256, 1024, 4096, 16_384].map((size) => ({ kind: 'thing' as const, size })),
  ...[256, 1024, 4096, 16_384].map((size) => ({ kind: 'emitter' as const, size })),
  { kind: 'socket' as const, size: 4096 },
];

/** Lines of the figure: more than these could not be told apart. */
const drawn = ['tcp destroy', 'tcp serve grace', 'http destroy', 'http drain idle'] as const;

const text = [machine(runtime.title), ''];
let figures: StopFigures | undefined;
if (stops.length > 0) {
  const client = await lineClient('spec/clients/idle.ts');
  const run = (stop: Stop) => runStop(runtime, client, stop);
  figures = new StopFigures(await takeTurns(stops, Number(rounds), run));
  await client.stop();
  text.push(...figures.timeTable, '', ...figures.stallTable, '');
}
if ('queue'.includes(only)) {
  const run = (queue: QueueCase) => runQueue(runtime, queue);
  text.push(...queueTable(await takeTurns(queues, Number(rounds), run)));
}
process.stdout.write(`${text.join('\n')}\n`);
if (figures && Object.values(values).every((value) => value === undefined)) {
  writeLineFigure({
    name: 'stop',
    title: 'From the abort to the last connection gone',
    x: 'idle connections',
    y: 'milliseconds',
    isLogarithmic: true,
    series: figures.series(drawn),
  });
  writeSection('bench:stop', text.join('\n').trimEnd());
}
