import { type Draw, drawFrom } from './draw.ts';
import { drawVisit } from './draw-visit.ts';
import {
  isStream,
  isWebSocket,
  type Kind,
  type RoundPlan,
  type StopWay,
  type Way,
} from './plan.ts';

/**
 * Enough for whoever ends at all, on a machine with much else to do: a round that needs it is a
 * violation.
 */
const AMPLE_GRACE = 15_000;

const stopWays: Record<Way, readonly StopWay[]> = {
  loop: [
    'abort',
    'abort',
    'abort in a handler',
    'abort twice',
    'close',
    'return',
    'break',
    'throw',
  ],
  serve: ['abort', 'abort', 'abort in a handler', 'abort twice', 'stop', 'close', 'dispose'],
  drain: ['abort', 'abort', 'abort in a handler', 'abort twice', 'close', 'late drain'],
};

/** How many clients there are, and within how many milliseconds they come. */
const CLIENTS = { least: 6, most: 40 };
const SPREAD_MS = 200;

/** The same round for the same seed. */
export function drawRound(seed: number, kinds: readonly Kind[]): RoundPlan {
  const draw = drawFrom(seed);
  const kind = draw.oneOf(kinds);
  const way = draw.oneOf<Way>(['loop', 'serve', 'serve', 'drain']);
  const isCalm = draw.chance(0.45);
  const isCallback = !isCalm && isStream(kind) && way === 'serve' && draw.chance(0.25);
  const count = draw.between(CLIENTS.least, CLIENTS.most);
  const visits = Array.from({ length: count }, (_, index) =>
    drawVisit(draw, { kind, way, isCalm, index, spread: SPREAD_MS }),
  );
  return {
    seed,
    kind,
    way,
    isCalm,
    isCallback,
    ...(isCalm ? calmOptions(draw) : stormyOptions(draw)),
    consumers: draw.oneOf([1, 1, 3, 8]),
    throwsEvery: isCalm || isWebSocket(kind) || draw.chance(0.6) ? 0 : draw.between(3, 9),
    stop: drawStop(draw, way, isCalm),
    stalls: Array.from({ length: draw.oneOf([0, 0, 1, 2]) }, () => ({
      at: draw.between(0, 400),
      lasts: draw.between(5, 50),
    })),
    visits,
  };
}

type Options = Pick<RoundPlan, 'grace' | 'idle' | 'linger' | 'concurrency' | 'maxQueued'>;

function calmOptions(draw: Draw): Options {
  return {
    grace: AMPLE_GRACE,
    idle: draw.between(250, 350),
    linger: 1000,
    concurrency: draw.oneOf([null, null, 4, 16]),
    maxQueued: 4096,
  };
}

function stormyOptions(draw: Draw): Options {
  return {
    grace: draw.oneOf([0, draw.between(50, 300), draw.between(300, 1200)]),
    idle: draw.oneOf([0, 50, draw.between(0, 300)]),
    linger: draw.oneOf([0, 100, 1000]),
    concurrency: draw.oneOf([null, 1, 3, 8]),
    maxQueued: draw.oneOf([4096, 4096, 0, 2, 8]),
  };
}

function drawStop(draw: Draw, way: Way, isCalm: boolean): RoundPlan['stop'] {
  const ways = isCalm ? stopWays[way] : [...stopWays[way], ...(way === 'serve' ? harder : [])];
  return {
    way: draw.oneOf(ways),
    at: draw.between(0, SPREAD_MS + 60),
    // Clients gather in the accept queue meanwhile.
    stall: draw.oneOf([0, 0, draw.between(10, 60)]),
    harder: draw.between(0, 200),
  };
}

const harder = ['stop harder', 'stop harder'] as const;
