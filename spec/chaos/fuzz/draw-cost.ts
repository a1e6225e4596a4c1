import type { Draw } from '../storm/draw.ts';
import { alpnOf } from './draw-visit.ts';
import { type Family, familyOf, isSecure, type Kind, type Plan, type Way } from './plan.ts';
import { bytesIn, type Shapes, stepsOf } from './script.ts';
import { type Protocol, shapes } from './shapes/all.ts';
import { heavy } from './shapes/heavy.ts';

const speaks: Record<Family, Protocol> = {
  stream: 'stream',
  http: 'http1',
  http2: 'http2',
  'web socket': 'webSocket',
};

/** Enough of them to be seen over what a process does anyway. */
const BYTES = 1_500_000;
const CLIENTS = { least: 20, most: 150 };
/** Of those that send much by themselves. */
const HEAVY_CLIENTS = 2;
const HEAVY = 0.5;

/** One shape, many times over, at once: nothing misbehaves but the clients. */
export function drawCost(draw: Draw, kinds: readonly Kind[]): Plan {
  const kind = draw.oneOf(kinds);
  const protocol = speaks[familyOf(kind)];
  const isHeavy = draw.chance(HEAVY);
  const [name, make] = draw.oneOf(
    Object.entries<Shapes[string]>((isHeavy ? heavy : shapes)[protocol]),
  );
  const steps = stepsOf(make(draw));
  const wanted = Math.round(BYTES / Math.max(1, bytesIn(steps)));
  const count = isHeavy ? HEAVY_CLIENTS : Math.min(CLIENTS.most, Math.max(CLIENTS.least, wanted));
  const visit = {
    protocol,
    name,
    cut: 'whole',
    tls: isSecure(kind),
    alpn: alpnOf(kind, protocol),
    allowHalfOpen: false,
    steps,
  } as const;
  return {
    isCost: true,
    kind,
    way: draw.oneOf<Way>(['serve', 'drain', 'loop']),
    event: undefined,
    handled: [],
    owner: undefined,
    acts: isHeavy ? draw.oneOf([['later'], ['answer']] as const) : ['later', 'answer', 'reads'],
    tuning: 'none',
    hasOnError: true,
    isCallback: false,
    grace: 150,
    idle: 0,
    linger: 50,
    flush: 300,
    concurrency: null,
    maxQueued: 4096,
    consumers: 1,
    stop: { way: 'abort', at: null, harder: 0 },
    visits: Array.from({ length: count }, (_, index) => ({ ...visit, at: index % 20 })),
  };
}
