import { markdownTable } from '../../support/markdown-table.ts';
import { median } from '../median.ts';
import type { QueueCase } from './run-queue.ts';

const queueTitles: Readonly<Record<QueueCase['kind'], string>> = {
  thing: "an event's argument, a plain object",
  emitter: 'an emitter that can be destroyed',
  socket: "a `net.Server`'s socket, the first queue of its process",
};

/** The table of the queues, in nanoseconds for each that waits. */
export function queueTable(results: ReadonlyMap<QueueCase, readonly number[]>): string[] {
  const cases = [...results.keys()];
  const sizes = [...new Set(cases.map(({ size }) => size))].toSorted((one, other) => one - other);
  const kinds = [...new Set(cases.map(({ kind }) => kind))];
  const cell = (kind: QueueCase['kind'], size: number): string => {
    const found = [...results].find(([one]) => one.kind === kind && one.size === size);
    return found ? `${median(found[1]).toFixed(0)} ns` : '';
  };
  const rows = kinds.map((kind) =>
    [queueTitles[kind]].concat(sizes.map((size) => cell(kind, size))),
  );
  return markdownTable([['What waits', ...sizes.map((size) => `Each of ${size}`)], ...rows]);
}
