import { type BenchRuntime, benchRuntime } from '../bench-runtime.ts';
import { scriptCommand } from '../bench-server.ts';
import { findProgram } from '../../support/find-program.ts';
import { compileC, compileGo } from './compile.ts';
import type { httpWays } from './http-ways.ts';
import type { tcpWays } from './tcp-ways.ts';

/** What clients do; see spec/clients/cost.ts. */
export type Load = 'tcp' | 'kept' | 'new' | 'streams';

/** A server process whose cost is measured. */
export interface Contender {
  readonly load: Load;
  /** In Markdown. */
  readonly title: string;
  readonly command: readonly string[];
  /** What the others with this load are compared with, or that same once more. */
  readonly role?: 'base' | 'again' | undefined;
}

export interface Field {
  readonly contenders: readonly Contender[];
  /** What runs them. */
  readonly programs: readonly string[];
  /** The titles of those for which there is no program. */
  readonly missing: readonly string[];
}

export interface Programs {
  /** Of the contenders on the API of Node; see `benchRuntime`. */
  readonly runtime: string | undefined;
  readonly deno: string | undefined;
  readonly bun: string | undefined;
  /** For what has to be compiled: a folder that is there. */
  readonly folder: string;
}

/** The first are the base, the second the base again: how far they are apart is chance. */
const tcpTitles: readonly (readonly [keyof typeof tcpWays, string])[] = [
  ['bare', "`'connection'` callback"],
  ['bare', 'the same, once more'],
  ['events.on', '`events.on`'],
  ['generator', 'generator over events-to-async'],
  ['acceptLoop', '**`acceptLoop`**'],
  ['serve', '**`serve`**'],
  ['serveSignals', '**`serve`**, signals read'],
];

const httpTitles: readonly (readonly [keyof typeof httpWays, string])[] = [
  ['bare', "`'request'` callback"],
  ['bare', 'the same, once more'],
  ['acceptLoop', '**`acceptLoop`**'],
  ['serve', '**`serve`**'],
  ['drain', '**`drain`** installed'],
  ['http-terminator', 'http-terminator installed'],
  ['stoppable', 'stoppable installed'],
  ['http-graceful-shutdown', 'http-graceful-shutdown installed'],
];

/** The peers have no HTTP/2. */
const http2Titles = httpTitles.filter(
  ([way]) => !['http-terminator', 'stoppable', 'http-graceful-shutdown'].includes(way),
);

const protocols = { tcp: 'tcp', kept: 'http', new: 'http', streams: 'http2' } as const;

const script = 'spec/bench/cost/server.ts';
const roles = ['base', 'again'] as const;

/** The ways on the API of Node, for each load. */
export function onNodeApi(runtime: BenchRuntime): Contender[] {
  const contend = (load: Load, place: number, way: string, title: string): Contender => {
    const command = scriptCommand(runtime, script, protocols[load], way);
    return { load, title, role: roles[place], command };
  };
  return [
    ...tcpTitles.map(([way, title], place) => contend('tcp', place, way, title)),
    ...httpTitles.map(([way, title], place) => contend('kept', place, way, title)),
    ...httpTitles.map(([way, title], place) => contend('new', place, way, title)),
    ...http2Titles.map(([way, title], place) => contend('streams', place, way, title)),
  ];
}

/** Deno or Bun as it is without Node's API, where it is there. */
function onOwnApi(wanted: string, path: string): Omit<Peer, 'title'> | undefined {
  if (!wanted.includes('/') && findProgram(wanted) === undefined) return undefined;
  const runtime = benchRuntime(wanted);
  return { program: runtime.title, command: scriptCommand(runtime, path) };
}

interface Peer {
  readonly title: string;
  readonly program?: string;
  readonly command?: readonly string[];
}

function peers({ deno = 'deno', bun = 'bun', folder }: Programs): Peer[] {
  const go = compileGo(folder);
  const c = compileC('cost/epoll', folder);
  return [
    { title: '`Deno.listen`', ...onOwnApi(deno, 'spec/bench/cost/deno.ts') },
    { title: '`Bun.listen`', ...onOwnApi(bun, 'spec/bench/cost/bun.ts') },
    {
      title: 'Go, `Accept` and a goroutine',
      ...(go && { program: go.title, command: [go.program] }),
    },
    { title: 'C, `epoll`', ...(c && { program: c.title, command: [c.program] }) },
  ];
}

/** All that is compared on this machine. */
export function fieldOf(programs: Programs): Field {
  const runtime = benchRuntime(programs.runtime);
  const all = peers(programs);
  const beside = all.flatMap(({ title, command }) =>
    command ? [{ load: 'tcp' as const, title, command }] : [],
  );
  return {
    contenders: [...onNodeApi(runtime), ...beside],
    programs: [runtime.title, ...all.flatMap(({ program }) => program ?? [])],
    missing: all.flatMap(({ title, command }) => (command ? [] : [title])),
  };
}
