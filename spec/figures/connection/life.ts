import { FIRST_REQUEST_MS } from '../../../lib/bounds.ts';
import type { HttpState } from '../../../lib/protocols/http/http1-connection.ts';
import type { ServeStats } from '../../../lib/index.ts';

/** Where a connection of `serve` is, and what it is doing there; in this order. */
export const places = {
  accepted: 'the server brings it',
  waiting: 'in the queue',
  running: 'the handler runs',
  flushing: 'what was written leaves',
  lingering: 'the client may still read',
  gone: 'closed',
} as const;

export type Place = keyof typeof places;

/** The lists of lib/ that a connection is in. What is destroyed is about to say that it is gone. */
export const lists: readonly string[] = [
  ...Object.keys(places).filter((place) => place !== 'accepted' && place !== 'gone'),
  'destroyed',
];

type Counts = Readonly<Partial<Record<keyof ServeStats, 1 | -1>>>;

export interface Arrow {
  readonly from: Place;
  readonly to: Place;
  readonly when: string;
  /** What it does to `serving.stats`. */
  readonly counts: Counts;
}

/** The way of a connection, and the ways out of it. */
export const arrows = {
  passes: arrow('accepted', 'running', 'a slot is free', { accepted: 1, active: 1 }),
  queues: arrow('accepted', 'waiting', 'no slot is free', { accepted: 1, queued: 1 }),
  shed: arrow('accepted', 'gone', 'the queue is full', { accepted: 1, shed: 1 }),
  leftBefore: arrow('accepted', 'gone', 'the client has left already', { accepted: 1, lost: 1 }),
  taken: arrow('waiting', 'running', 'a slot is free', { queued: -1, active: 1 }),
  left: arrow('waiting', 'gone', 'the client leaves', { queued: -1, lost: 1 }),
  discarded: arrow('waiting', 'gone', 'grace is over', { queued: -1, discarded: 1 }),
  resolved: arrow('running', 'flushing', 'the handler resolves', { active: -1, completed: 1 }),
  closed: arrow('running', 'gone', 'it closes (callback style)', { active: -1, completed: 1 }),
  failed: arrow('running', 'gone', 'the handler fails', { active: -1, failed: 1 }),
  forced: arrow('running', 'gone', 'grace is over', { active: -1, forced: 1 }),
  flushed: arrow('flushing', 'lingering', 'everything is sent: FIN', {}),
  stuck: arrow('flushing', 'gone', 'flush or grace is over', {}),
  lingered: arrow('lingering', 'gone', 'the client ends its side, or linger or grace is over', {}),
} as const satisfies Record<string, Arrow>;

function arrow(from: Place, to: Place, when: string, counts: Counts): Arrow {
  return { from, to, when, counts };
}

/** What an HTTP/1 connection is waited for in a shutdown, by its state. */
export const httpStates: Readonly<Record<HttpState, string>> = {
  new: `a request: idle, ≥ ${FIRST_REQUEST_MS} ms`,
  'half a request': 'the rest: headersTimeout',
  active: 'its last answer, with close',
  idle: 'one more request: idle',
  upgraded: 'its owner: until grace',
  closed: 'nothing',
};

export const httpArrows: readonly (readonly [from: HttpState, to: HttpState, when: string])[] = [
  ['new', 'half a request', 'a part'],
  ['new', 'active', 'a request comes'],
  ['new', 'upgraded', 'an upgrade'],
  ['half a request', 'active', 'the rest'],
  ['active', 'idle', 'answered'],
  ['active', 'closed', 'last answer'],
  ['idle', 'half a request', 'a part'],
  ['idle', 'active', 'the next request'],
  ['idle', 'upgraded', 'an upgrade'],
  ['idle', 'closed', 'idle is over'],
];
