import type { Draw } from '../storm/draw.ts';
import { alpnOf } from './draw-visit.ts';
import { type Family, familyOf, isSecure, type Kind, type Plan, type Way } from './plan.ts';
import { bytesIn, stepsOf } from './script.ts';
import { type Protocol, shapeOf, shapes } from './shapes/all.ts';

const speaks: Record<Family, Protocol> = {
  stream: 'stream',
  http: 'http1',
  http2: 'http2',
  'web socket': 'webSocket',
};

/** Enough of them to be seen over what a process does anyway. */
const BYTES = 1_500_000;
const CLIENTS = { least: 20, most: 120 };

/** One shape, many times over, at once: nothing misbehaves but the clients. */
export function drawCost(draw: Draw, kinds: readonly Kind[]): Plan {
  const kind = draw.oneOf(kinds);
  const protocol = speaks[familyOf(kind)];
  const name = draw.oneOf(Object.keys(shapes[protocol]));
  const make = shapeOf(protocol, name);
  const steps = stepsOf(make(draw));
  const wanted = Math.round(BYTES / Math.max(1, bytesIn(steps)));
  const count = Math.min(CLIENTS.most, Math.max(CLIENTS.least, wanted));
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
    kind,
    way: draw.oneOf<Way>(['serve', 'drain', 'loop']),
    event: undefined,
    handled: [],
    owner: undefined,
    acts: ['later', 'answer', 'reads'],
    isCallback: false,
    grace: 300,
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
