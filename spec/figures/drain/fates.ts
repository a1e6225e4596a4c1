import type { Line, Run } from './types.ts';

/** What has become of a connection, as its client saw it; `open`: nothing until the run was ended. */
export type Fate = 'answered' | 'lost' | 'refused' | 'open';

export function fateOf({ code, requests, ended = Infinity }: Line, cut: number): Fate {
  if (code === 'ECONNREFUSED') return 'refused';
  if (ended >= cut) return 'open';
  return requests.every(({ answered }) => answered !== undefined) ? 'answered' : 'lost';
}

export interface Counts {
  answered: number;
  /** Requests whose connection ended without the answer. */
  lost: number;
  /** The same, of requests that the handler never answers. */
  cutOff: number;
  /** Requests that had no end when the run was ended. */
  hanging: number;
  /** Connects. */
  refused: number;
}

export function countFates({ lines, cut }: Run): Counts {
  const counts: Counts = { answered: 0, lost: 0, cutOff: 0, hanging: 0, refused: 0 };
  for (const line of lines) {
    const fate = fateOf(line, cut);
    if (fate === 'refused') counts.refused += 1;
    for (const { answered } of line.requests) {
      if (answered !== undefined) counts.answered += 1;
      else if (fate === 'open') counts.hanging += 1;
      else counts[line.kind === 'never answered' ? 'cutOff' : 'lost'] += 1;
    }
  }
  return counts;
}
