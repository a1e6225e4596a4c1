import { type Draw, drawFrom } from '../storm/draw.ts';
import { drawCost } from './draw-cost.ts';
import { drawVisit } from './draw-visit.ts';
import {
  acts,
  deeds,
  familyOf,
  type Family,
  type Kind,
  type OwnerPlan,
  type Plan,
  stopWays,
  type Ticket,
  tunings,
  type Way,
} from './plan.ts';

const CLIENTS = { least: 3, most: 14 };
/** When a stop comes, in milliseconds. Clients come until half of grace is over behind it. */
const LATEST_STOP_MS = 150;

/** The option `event`, where there is a choice. */
const events: Record<Family, readonly (string | undefined)[]> = {
  stream: [undefined],
  http: [undefined, undefined, undefined, 'request', 'upgrade', 'connect'],
  http2: [undefined, undefined, 'request', 'stream', 'session', 'connect'],
  'web socket': [undefined, undefined, 'connection'],
};

/** What an owner may handle beside. */
const handledBeside: Record<Family, readonly string[]> = {
  stream: ['tlsClientError'],
  http: [
    'upgrade',
    'connect',
    'checkContinue',
    'checkExpectation',
    'request',
    'clientError',
    'timeout',
    'tlsClientError',
  ],
  http2: [
    'stream',
    'session',
    'connect',
    'checkContinue',
    'request',
    'unknownProtocol',
    'timeout',
    'tlsClientError',
  ],
  'web socket': ['clientError'],
};

/** On what an owner may have listeners that destroy. */
const owned: Record<Family, readonly string[]> = {
  stream: ['connection', 'secureConnection'],
  http: ['connection', 'secureConnection', 'request', 'upgrade', 'connect', 'checkContinue'],
  http2: ['connection', 'secureConnection', 'session', 'session', 'stream', 'request'],
  'web socket': ['connection', 'upgrade', 'request'],
};

/** Of so many rounds one is about what it costs. */
export const COST_EVERY = 40;

/** A round can be repeated alone. */
export function drawPlan({ seed, round, kinds, way }: Ticket): Plan {
  const draw = drawFrom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b)) >>> 0);
  const plan = (round + 1) % COST_EVERY === 0 ? drawCost(draw, kinds) : drawRound(draw, kinds);
  return way === undefined ? plan : { ...plan, way };
}

function drawRound(draw: Draw, kinds: readonly Kind[]): Plan {
  const kind = draw.oneOf(kinds);
  const family = familyOf(kind);
  const way = draw.oneOf<Way>(['serve', 'serve', 'serve', 'drain', 'drain', 'loop']);
  const grace = draw.oneOf([
    0,
    draw.between(100, 300),
    draw.between(100, 300),
    draw.between(300, 600),
  ]);
  const at = draw.between(0, LATEST_STOP_MS);
  const latest = at + Math.floor(grace / 2);
  return {
    isCost: false,
    kind,
    way,
    event: draw.oneOf(events[family]),
    handled: handledBeside[family].filter(() => draw.chance(0.2)),
    owner: draw.chance(0.3) ? drawOwner(draw, family) : undefined,
    acts: Array.from({ length: 8 }, () => (draw.chance(0.25) ? 'answer' : draw.oneOf(acts))),
    tuning: draw.chance(0.6) ? 'none' : draw.oneOf(tunings),
    hasOnError: draw.chance(0.8),
    isCallback: draw.chance(0.15),
    grace,
    idle: draw.oneOf([0, 50, draw.between(0, 300)]),
    linger: draw.oneOf([0, 50, 300]),
    flush: draw.oneOf([50, 300, 2000]),
    concurrency: draw.oneOf([null, null, 1, 3]),
    maxQueued: draw.oneOf([4096, 4096, 0, 1, 5]),
    consumers: draw.oneOf([1, 1, 3]),
    stop: { way: draw.oneOf(stopWays[way]), at, harder: draw.between(0, 150) },
    visits: Array.from({ length: draw.between(CLIENTS.least, CLIENTS.most) }, () =>
      drawVisit(draw, kind, latest),
    ),
  };
}

function drawOwner(draw: Draw, family: Family): OwnerPlan {
  return {
    event: draw.oneOf(owned[family]),
    deed: draw.oneOf(deeds),
    every: draw.between(1, 4),
  };
}
