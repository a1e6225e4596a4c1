import { markdownTable } from '../../support/markdown-table.ts';
import { compare } from '../compare.ts';
import type { Series } from '../line-figure.ts';
import { estimate } from '../estimate.ts';
import { median } from '../median.ts';
import type { Stop } from './run-stop.ts';
import type { StopResult } from './server.ts';
import type { WayName } from './way-names.ts';

/** How each way is called, and what it is compared with. */
const titles: Readonly<Record<WayName, { title: string; base: WayName }>> = {
  'tcp destroy': { title: 'TCP: `destroy()` in a loop', base: 'tcp destroy' },
  'tcp serve grace': { title: 'TCP: **`serve`**, `grace: 0`', base: 'tcp destroy' },
  'tcp drain grace': { title: 'TCP: **`drain`**, `grace: 0`', base: 'tcp destroy' },
  'tcp serve draining': { title: 'TCP: **`serve`**, at `draining`', base: 'tcp destroy' },
  'http destroy': { title: 'HTTP: `closeAllConnections()`', base: 'http destroy' },
  'http serve grace': { title: 'HTTP: **`serve`**, `grace: 0`', base: 'http destroy' },
  'http drain grace': { title: 'HTTP: **`drain`**, `grace: 0`', base: 'http destroy' },
  'http serve idle': { title: 'HTTP: **`serve`**, `idle: 0`', base: 'http destroy' },
  'http drain idle': { title: 'HTTP: **`drain`**, `idle: 0`', base: 'http destroy' },
  'ws destroy': { title: 'WebSocket: `close()`, `terminate()` in a loop', base: 'ws destroy' },
  'ws drain grace': { title: 'WebSocket: **`drain`**, `grace: 0`', base: 'ws destroy' },
  'ws close': { title: 'WebSocket: `close()` in a loop', base: 'ws close' },
  'ws drain idle': { title: 'WebSocket: **`drain`**, `idle: 0`', base: 'ws close' },
  'queued destroy': { title: 'Queued: `resetAndDestroy()` in a loop', base: 'queued destroy' },
  'queued serve grace': { title: 'Queued: **`serve`**, `grace: 0`', base: 'queued destroy' },
  'queued loop left': { title: 'Queued: **`acceptLoop`**, left', base: 'queued destroy' },
};

type Figure = 'time' | 'stall' | 'cpu';

/** What has been measured, by way and size. */
export class StopFigures {
  readonly #results: ReadonlyMap<Stop, readonly StopResult[]>;
  readonly #ways: readonly WayName[];
  readonly #sizes: readonly number[];

  constructor(results: ReadonlyMap<Stop, readonly StopResult[]>) {
    this.#results = results;
    const stops = [...results.keys()];
    this.#ways = [...new Set(stops.map(({ way }) => way))];
    this.#sizes = [...new Set(stops.map(({ size }) => size))].toSorted((one, other) => one - other);
  }

  get timeTable(): string[] {
    const [most = NaN, fewer = NaN] = this.#sizes.toReversed();
    const columns = [`Each of ${fewer}`, `Each of ${most}`, 'Grows as', `Beside the base, ${most}`];
    const rows = this.#ways.map((way) => [
      titles[way].title,
      ...this.#sizes.map((size) => milliseconds(this.#median(way, size, 'time'))),
      ...[fewer, most].map((size) => this.#each(way, size, 'time')),
      this.#growth(way),
      this.#ratio(way, most, 'time'),
    ]);
    return markdownTable([['How it stops', ...this.#sizes.map(String), ...columns], ...rows]);
  }

  get stallTable(): string[] {
    const [most = NaN] = this.#sizes.toReversed();
    const columns = ['Processor time each', `Beside the base, ${most}`];
    const rows = this.#ways.map((way) => [
      titles[way].title,
      ...this.#sizes.map((size) => milliseconds(this.#median(way, size, 'stall'))),
      this.#each(way, most, 'cpu'),
      this.#ratio(way, most, 'cpu'),
    ]);
    const sizes = this.#sizes.map((size) => `Longest stall, ${size}`);
    return markdownTable([['How it stops', ...sizes, ...columns], ...rows]);
  }

  /** For the figure: milliseconds over connections, of some ways. */
  series(ways: readonly WayName[]): Series[] {
    return ways.map((way) => ({
      name: titles[way].title.replaceAll(/[*`]/g, ''),
      points: this.#sizes.map((size) => [size, this.#median(way, size, 'time')] as const),
    }));
  }

  #all(way: WayName, size: number, figure: Figure): number[] {
    const found = [...this.#results].find(([stop]) => stop.way === way && stop.size === size);
    return found?.[1].map((result) => result[figure]) ?? [];
  }

  #median(way: WayName, size: number, figure: Figure): number {
    return median(this.#all(way, size, figure));
  }

  #each(way: WayName, size: number, figure: Figure): string {
    return `${((this.#median(way, size, figure) * 1000) / size).toFixed(1)} µs`;
  }

  /** The exponent between the two largest sizes, of the time beyond that of the smallest. */
  #growth(way: WayName): string {
    const [most = NaN, fewer = NaN] = this.#sizes.toReversed();
    const [fewest = NaN] = this.#sizes;
    if (fewest === fewer) return '';
    const beyond = (size: number): number =>
      this.#median(way, size, 'time') - this.#median(way, fewest, 'time');
    const exponent = Math.log(beyond(most) / beyond(fewer)) / Math.log(most / fewer);
    return `n^${exponent.toFixed(2)}`;
  }

  #ratio(way: WayName, size: number, figure: Figure): string {
    const { base } = titles[way];
    const figures = this.#all(base, size, figure);
    if (base === way || figures.length === 0) return '';
    return estimate(compare(this.#all(way, size, figure), figures).ratio, 2);
  }
}

function milliseconds(time: number): string {
  return `${time.toFixed(time < 10 ? 1 : 0)} ms`;
}
