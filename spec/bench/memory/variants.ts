/** What is compared with each other: the first of a group is what the others are compared with. */
export interface Variant {
  readonly group: 'tcp' | 'http' | 'queued' | 'gone';
  /** Of its way, in `ways.ts`. */
  readonly way: string;
  readonly label: string;
}

type Way = Omit<Variant, 'group'>;

const handled: readonly Way[] = [
  { way: 'bare', label: "bare `'connection'` callback" },
  { way: 'loop', label: '`acceptLoop`' },
  { way: 'serve', label: '`serve`' },
  { way: 'serve-read', label: '`serve`, both signals read' },
  { way: 'serve-listen', label: '`serve`, both signals listened to' },
];

/** Of HTTP connections, kept after an answer. */
const kept: readonly Way[] = [
  { way: 'bare-http', label: "bare `'request'` callback" },
  { way: 'serve-http', label: '`serve`' },
  { way: 'drain-http', label: "bare `'request'` callback, `drain`" },
];

/** Connections that nobody has taken. */
const waiting: readonly Way[] = [
  { way: 'bare-queued', label: 'an array' },
  { way: 'loop-queued', label: "`acceptLoop`'s queue" },
];

/** Those that are looked at while they are open. */
export const open: readonly Variant[] = [
  ...inGroup('tcp', handled),
  ...inGroup('http', kept),
  ...inGroup('queued', waiting),
];

/** Those that are looked at after they have been served. Signals that are listened to were read. */
export const gone: readonly Variant[] = inGroup(
  'gone',
  handled.filter(({ way }) => way !== 'serve-read'),
);

/** What a variant is compared with: itself, if it is the first of its group. */
export function baseOf(variant: Variant): Variant {
  return [...open, ...gone].find(({ group }) => group === variant.group) ?? variant;
}

function inGroup(group: Variant['group'], ways: readonly Way[]): Variant[] {
  return ways.map(({ way, label }) => ({ group, way, label }));
}
