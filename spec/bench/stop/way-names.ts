/**
 * The ways to stop, as their server process is told: protocol, way, and of the package the option
 * that is 0. `destroy` is what they are compared with; `ws close` says goodbye and waits, as `ws drain
 * idle` does. `queued`: TCP connections that no code has taken. `draining`: handlers that end at the
 * abort of that signal.
 */
export const wayNames = [
  'tcp destroy',
  'tcp serve grace',
  'tcp drain grace',
  'tcp serve draining',
  'http destroy',
  'http serve grace',
  'http drain grace',
  'http serve idle',
  'http drain idle',
  'ws destroy',
  'ws drain grace',
  'ws close',
  'ws drain idle',
  'queued destroy',
  'queued serve grace',
  'queued loop left',
] as const;

export type WayName = (typeof wayNames)[number];

/** What clients speak. */
export function protocolOf(way: WayName): 'tcp' | 'http' | 'ws' {
  if (way.startsWith('http')) return 'http';
  return way.startsWith('ws') ? 'ws' : 'tcp';
}

/** How many connections the package reports as ended by force, of so many that are idle. */
export function forcedOf(way: WayName, size: number): number {
  // The handler that has the only slot.
  if (way === 'queued serve grace') return 1;
  return way.endsWith('grace') && way !== 'http serve grace' ? size : 0;
}
