import { limits } from '../../support/limits.ts';
import type { Draw } from './draw.ts';
import { isLimited } from './possible-kinds.ts';
import {
  type Action,
  isHttp2,
  isSecure,
  isStream,
  isWebSocket,
  type Kind,
  type Style,
  type Visit,
  type Want,
  type Way,
} from './plan.ts';

interface Occasion {
  readonly kind: Kind;
  readonly way: Way;
  readonly isCalm: boolean;
  readonly index: number;
  readonly spread: number;
}

/** One client, and what it asks for. */
export function drawVisit(draw: Draw, occasion: Occasion): Visit {
  const { isCalm, kind, index, spread } = occasion;
  const isRude = !isCalm && draw.chance(0.4);
  const style = draw.oneOf(isRude ? rudeStyles(kind) : politeStyles(kind));
  const requests = isStream(kind) ? 1 : draw.between(1, 4);
  const wants = Array.from({ length: requests }, (_, number) =>
    drawWant(draw, occasion, style, `${index}-${number}`),
  );
  const last = wants.at(-1) as Want;
  const upgrades = kind.startsWith('http') && style === 'asks' && draw.chance(0.2);
  // It is the last thing that HTTP sees of a connection.
  if (upgrades) wants[wants.length - 1] = { ...last, action: 'upgrade', upload: 0 };
  return {
    style,
    at: draw.between(0, spread),
    seed: draw.between(1, 1e9),
    moment: draw.between(0, 150),
    wants,
  };
}

function politeStyles(kind: Kind): readonly Style[] {
  if (isWebSocket(kind)) return ['asks', 'pipelines'];
  if (isHttp2(kind)) return ['asks', 'asks', 'pipelines', 'slow'];
  const isReading = isSecure(kind) && isLimited(limits.slowTlsClients);
  const slow: readonly Style[] = isReading ? [] : ['slow'];
  if (isStream(kind)) return ['asks', 'pieces', 'half-closes', ...slow];
  return ['asks', 'asks', 'pieces', 'pipelines', ...slow];
}

function rudeStyles(kind: Kind): readonly Style[] {
  const all: Style[] = ['silent', 'stops halfway', 'leaves', 'resets', 'crowds'];
  if (!isHttp2(kind) && !isWebSocket(kind)) all.push('half-closes early', 'floods');
  if (isHttp2(kind)) all.push('cancels');
  if (isWebSocket(kind)) all.push('never closes');
  if (isSecure(kind)) all.push('half handshake');
  all.push('talks garbage');
  const isBlind = !isStream(kind) && !isHttp2(kind) && isLimited(limits.httpNewcomers);
  return isBlind ? all.filter((style) => !newcomers.has(style)) : all;
}

/** Who makes no whole request. */
const newcomers: ReadonlySet<Style> = new Set<Style>([
  'silent',
  'stops halfway',
  'half handshake',
  'talks garbage',
  'half-closes early',
]);

const rudeActions: readonly Action[] = ['throw', 'reject', 'never', 'destroy', 'twice', 'half'];

function drawWant(draw: Draw, occasion: Occasion, style: Style, key: string): Want {
  const { kind, way, isCalm } = occasion;
  const misbehaves = !isCalm && draw.chance(0.25);
  const action = draw.oneOf(misbehaves ? rudeActions : soundActions(kind, way, style));
  const size = draw.oneOf([0, draw.between(1, 2000), draw.between(2000, 40_000), 250_000]);
  // Of a stream nobody may wait for it: its client talks on while it is answered.
  const talksOn = isStream(kind) && style === 'pieces';
  const isRead = action === 'echo' && style !== 'pipelines' && !isWebSocket(kind);
  const hasUpload = isRead || talksOn;
  return {
    key,
    action,
    size: style === 'slow' ? 400_000 : size,
    upload: hasUpload ? draw.between(1, 60_000) : 0,
    takes: draw.between(0, action === 'stall' ? 15 : 60),
    thinks: draw.oneOf([0, 0, draw.between(1, 60)]),
  };
}

/** Some again and again: they are what servers do most. */
function soundActions(kind: Kind, way: Way, style: Style): readonly Action[] {
  const all: Action[] = ['answer', 'answer', 'stream', 'stream', 'stall'];
  if (way === 'serve') all.push('goodbye');
  if (style === 'half-closes') return ['echo', 'answer'];
  if (!isStream(kind) && !isWebSocket(kind)) all.push('echo', 'later');
  return all;
}
