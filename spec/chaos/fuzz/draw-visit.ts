import type { Draw } from '../storm/draw.ts';
import { type Cut, cuts, type Family, familyOf, isSecure, type Kind, type Visit } from './plan.ts';
import { bytesIn, end, pause, reset, type Step, stepsOf } from './script.ts';
import { type Protocol, shapeOf, shapes } from './shapes/all.ts';

/** What is spoken to a server: mostly what it knows. */
const spoken: Record<Family, readonly Protocol[]> = {
  stream: ['stream', 'stream', 'stream', 'http1', 'http2'],
  http: ['http1', 'http1', 'http1', 'http1', 'http1', 'http1', 'webSocket', 'http2'],
  http2: ['http2', 'http2', 'http2', 'http2', 'http2', 'http1', 'webSocket'],
  'web socket': ['webSocket', 'webSocket', 'webSocket', 'http1'],
};

/** Of ten clients of a TLS server so many never shake hands. */
const HANDSHAKES = 0.2;

/** Of ten clients so many send a part of their script alone. */
const CUTS = 0.25;

const MISMATCHES: readonly (readonly string[])[] = [[], ['http/1.1'], ['h2'], ['spdy/3', 'x']];

/** One client, that comes at a random moment. */
export function drawVisit(draw: Draw, kind: Kind, latest: number): Visit {
  const isHandshake = isSecure(kind) && draw.chance(HANDSHAKES);
  const protocol = isHandshake ? 'handshake' : draw.oneOf(spoken[familyOf(kind)]);
  const name = draw.oneOf(Object.keys(shapes[protocol]));
  const cut = draw.chance(CUTS) ? draw.oneOf(cuts) : 'whole';
  const steps = stepsOf(shapeOf(protocol, name)(draw));
  return {
    at: draw.between(0, latest),
    protocol,
    name,
    cut,
    tls: isSecure(kind) && !isHandshake,
    alpn: draw.chance(0.15) ? draw.oneOf(MISMATCHES) : alpnOf(kind, protocol),
    allowHalfOpen: draw.chance(0.3),
    steps: cutSteps(draw, cut, steps),
  };
}

/** What fits. */
export function alpnOf(kind: Kind, protocol: Protocol): readonly string[] {
  if (familyOf(kind) === 'stream') return [];
  return protocol === 'http2' ? ['h2'] : ['http/1.1'];
}

/** Sends a part alone, or in two. */
function cutSteps(draw: Draw, cut: Cut, steps: readonly Step[]): readonly Step[] {
  if (cut === 'whole') return steps;
  const at = draw.between(0, bytesIn(steps));
  const [before, after] = splitAt(steps, at);
  if (cut === 'split') return [...before, pause(draw.between(0, 120)), ...after];
  if (cut === 'halved') return before;
  return [...before, cut === 'halved, and the end' ? end : reset];
}

function splitAt(steps: readonly Step[], at: number): [before: Step[], after: Step[]] {
  const before: Step[] = [];
  const after: Step[] = [];
  let left = at;
  for (const step of steps) {
    if (step.does !== 'send') (left > 0 ? before : after).push(step);
    else {
      const length = Math.min(left, step.bytes.length);
      if (length > 0) before.push({ does: 'send', bytes: step.bytes.subarray(0, length) });
      if (length < step.bytes.length) {
        after.push({ does: 'send', bytes: step.bytes.subarray(length) });
      }
      left -= length;
    }
  }
  return [before, after];
}
