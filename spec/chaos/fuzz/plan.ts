/* What a round is made of: plain values, drawn from a seed by each of the processes. */

import type { Protocol } from './shapes/all.ts';
import type { Step } from './script.ts';

export const kinds = [
  'net',
  'unix',
  'tls',
  'tls-unix',
  'http',
  'http-lenient',
  'http-unix',
  'https',
  'h2c',
  'h2',
  'h2-http1',
  'ws',
  'ws-port',
  'ws-none',
] as const;

export type Kind = (typeof kinds)[number];

/** What a server speaks. */
export type Family = 'stream' | 'http' | 'http2' | 'web socket';

export function familyOf(kind: Kind): Family {
  if (kind.startsWith('ws')) return 'web socket';
  if (kind.startsWith('http')) return 'http';
  return kind.startsWith('h2') ? 'http2' : 'stream';
}

export const isSecure = (kind: Kind): boolean =>
  ['tls', 'tls-unix', 'https', 'h2', 'h2-http1'].includes(kind);

export const isUnix = (kind: Kind): boolean => kind.endsWith('unix');

/** What runs the server; `bare` is nothing of ours, to compare with. */
export const ways = ['serve', 'drain', 'loop', 'bare'] as const;

export type Way = (typeof ways)[number];

/** What a handler does. */
export const acts = [
  'answer',
  'later',
  'reads',
  'large',
  'goodbye',
  'throw',
  'reject',
  'never',
  'twice',
  'half',
  'destroy',
  'early end',
  'unread',
  'stall',
  'odd headers',
  'throw oddly',
  'strip',
  'stop',
  'close the server',
] as const;

export type Act = (typeof acts)[number];

/** What a listener does that the owner has put on before. */
export const deeds = [
  'destroy',
  'destroy with an error',
  'destroy soon',
  'end',
  'reset',
  'stop',
  'close the server',
] as const;

export interface OwnerPlan {
  readonly event: string;
  readonly deed: (typeof deeds)[number];
  /** To each of so many. */
  readonly every: number;
}

export const stopWays = {
  serve: ['abort', 'abort', 'stop', 'stop harder', 'close', 'dispose', 'abort twice'],
  drain: ['abort', 'abort', 'abort twice', 'close', 'late'],
  loop: ['abort', 'abort', 'close', 'return', 'break', 'dispose'],
  bare: ['abort'],
} as const satisfies Record<Way, readonly string[]>;

type StopWay = (typeof stopWays)[Way][number];

/** How an owner may have set a server up. */
export const tunings = [
  'none',
  'short timeouts',
  'few requests a socket',
  'few connections',
  'half-open HTTP',
  'a timeout for sockets',
] as const;

export type Tuning = (typeof tunings)[number];

/** What becomes of a script's bytes. */
export const cuts = [
  'whole',
  'halved',
  'halved, and the end',
  'halved, and a reset',
  'split',
] as const;

export type Cut = (typeof cuts)[number];

/** One client. */
export interface Visit {
  /** Milliseconds after the beginning of the round. */
  readonly at: number;
  readonly protocol: Protocol;
  /** Of the shape. */
  readonly name: string;
  readonly cut: Cut;
  /** Whether it shakes hands first, and what it offers to speak then. */
  readonly tls: boolean;
  readonly alpn: readonly string[];
  readonly allowHalfOpen: boolean;
  readonly steps: readonly Step[];
}

export interface Plan {
  /** Whether it is one shape many times over, to see what that costs. */
  readonly isCost: boolean;
  readonly kind: Kind;
  readonly way: Way;
  /** The option of that name. */
  readonly event: string | undefined;
  /** Events that the owner handles by himself. */
  readonly handled: readonly string[];
  readonly owner: OwnerPlan | undefined;
  /** What the handlers do, in order of their calls, over and over. */
  readonly acts: readonly Act[];
  readonly tuning: Tuning;
  /** Whether `serve` has one; without it errors become warnings. */
  readonly hasOnError: boolean;
  /** Handlers that return no promise. */
  readonly isCallback: boolean;
  readonly grace: number;
  readonly idle: number;
  readonly linger: number;
  readonly flush: number;
  readonly concurrency: number | null;
  readonly maxQueued: number;
  readonly consumers: number;
  readonly stop: {
    readonly way: StopWay;
    /** Milliseconds after the first client has come; `null` when somebody says so. */
    readonly at: number | null;
    /** Of a stop that is made harder: the new grace. */
    readonly harder: number;
  };
  readonly visits: readonly Visit[];
}

/** Of what a plan is drawn, so that each process can draw it. */
export interface Ticket {
  readonly seed: number;
  readonly round: number;
  readonly kinds: readonly Kind[];
  /** In place of the one that is drawn. */
  readonly way?: Way | undefined;
}
