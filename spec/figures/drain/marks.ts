import { textAt } from '../svg.ts';
import type { Fate } from './fates.ts';

/** Blue and orange differ for the colour-blind, too. By shape as well: ends, dashes, hollow requests. */
export const markStyle = `
  .mark { fill: none; stroke: #59636e; }
  .end { stroke-width: 2; }
  .line, .request { stroke-width: 1.5; }
  .answered { stroke: #0969da; }
  .lost { stroke: #bc4c00; }
  .lost.line { stroke-dasharray: 4 2; }
  .request { fill: #ffffff; }
  circle.answered, rect.answered { fill: #0969da; }`;

export const darkMarkStyle = `
    .mark { stroke: #9198a1; }
    .answered { stroke: #58a6ff; }
    .lost { stroke: #f0883e; }
    .request { fill: #0d1117; }
    circle.answered, rect.answered { fill: #58a6ff; }`;

/** `answered` and `lost` have a colour. */
export type Tone = 'answered' | 'lost' | 'refused';

export function endMark(fate: Fate, tone: Tone, x: number, y: number): string {
  const mark = `class="mark end ${tone}"`;
  const shapes: Readonly<Record<Fate, string>> = {
    answered: `<circle ${mark} cx="${x}" cy="${y}" r="2.5"/>`,
    lost: `<path ${mark} d="M${x - 4} ${y - 4}l8 8m0 -8l-8 8"/>`,
    refused: `<rect ${mark} x="${x - 3.5}" y="${y - 3.5}" width="7" height="7"/>`,
    open: `<path ${mark} d="M${x - 4} ${y - 4}l5 4l-5 4"/>`,
  };
  return shapes[fate];
}

export function lineMark(tone: Tone, from: number, to: number, y: number): string {
  return `<path class="mark line ${tone}" d="M${from} ${y}H${to}"/>`;
}

/** A request is filled if it was answered. */
export function requestMark(tone: Tone, from: number, to: number, y: number): string {
  const width = Math.max(2, Math.round((to - from) * 10) / 10);
  return `<rect class="mark request ${tone}" x="${from}" y="${y - 2.5}" width="${width}" height="5"/>`;
}

const small = 'class="small"';

/** What the marks mean, in two lines. */
export function legend(x: number, y: number): string[] {
  const [second, third] = [x + 250, x + 500];
  const below = y + 20;
  return [
    lineMark('answered', x, x + 20, y) + endMark('answered', 'answered', x + 20, y),
    textAt(x + 32, y + 4, 'connection ended, all answered', small),
    lineMark('lost', second, second + 20, y) + endMark('lost', 'lost', second + 20, y),
    textAt(second + 32, y + 4, 'connection ended, request lost', small),
    endMark('refused', 'refused', third + 12, y),
    textAt(third + 28, y + 4, 'connect refused: the client goes elsewhere', small),
    requestMark('answered', x, x + 22, below),
    textAt(x + 32, below + 4, 'request, answered', small),
    requestMark('lost', second, second + 22, below),
    textAt(second + 32, below + 4, 'request, not answered', small),
    endMark('open', 'answered', third + 6, below) + endMark('open', 'lost', third + 18, below),
    textAt(third + 28, below + 4, 'still open when the run was ended', small),
  ];
}
