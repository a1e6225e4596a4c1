import type { HttpState } from '../../../lib/protocols/http/http1-connection.ts';
import { textAt } from '../svg.ts';
import { httpArrows, httpStates } from './life.ts';

/** Pixels. */
const [WIDTH, HEIGHT, HEAD, BETWEEN] = [184, 56, 56, 90];

export const HTTP_HEIGHT: number = HEAD + 2 * HEIGHT + BETWEEN + 24;

const places: Readonly<Record<HttpState, readonly [x: number, row: 0 | 1]>> = {
  new: [16, 0],
  'half a request': [323, 0],
  active: [630, 0],
  upgraded: [16, 1],
  idle: [323, 1],
  closed: [630, 1],
};

/** The path of each arrow below the top of the upper boxes, and where its text is. */
interface Way {
  readonly path: string;
  readonly text: readonly [x: number, y: number];
  readonly anchor?: 'middle';
}

const [low, high] = [HEIGHT, HEIGHT + BETWEEN];
const [upper, lower] = [low + 33, high - 27];
const [middle, below] = [HEIGHT / 2, high + HEIGHT / 2];

const ways: Readonly<Record<string, Way>> = {
  'new half a request': { path: `M200 ${middle}H323`, text: [261, middle - 7], anchor: 'middle' },
  'half a request active': {
    path: `M507 ${middle}H630`,
    text: [568, middle - 7],
    anchor: 'middle',
  },
  'new active': { path: 'M108 0V-16H722V0', text: [415, -22], anchor: 'middle' },
  'new upgraded': { path: `M108 ${low}V${high}`, text: [118, low + 49] },
  'active idle': {
    path: `M660 ${low}V${lower}H480V${high}`,
    text: [570, lower + 16],
    anchor: 'middle',
  },
  'active closed': { path: `M722 ${low}V${high}`, text: [732, low + 49] },
  'idle half a request': { path: `M350 ${high}V${low}`, text: [360, low + 17] },
  'idle active': {
    path: `M420 ${high}V${upper}H645V${low}`,
    text: [532, upper - 7],
    anchor: 'middle',
  },
  'idle upgraded': { path: `M323 ${below}H200`, text: [261, below - 7], anchor: 'middle' },
  'idle closed': { path: `M507 ${below}H630`, text: [568, below - 7], anchor: 'middle' },
};

/** Draws the states of an HTTP/1 connection, and what a shutdown waits for in each. */
export function drawHttp(top: number): string[] {
  const title = 'An HTTP/1 connection, and what a shutdown waits for in each state';
  return [
    textAt(16, top + 6, title, 'class="name"'),
    `<g transform="translate(0 ${top + HEAD})">`,
    ...(Object.keys(places) as HttpState[]).map(drawState),
    ...httpArrows.map(([from, to, when]) => {
      const way = ways[`${from} ${to}`];
      if (!way) throw new Error(`No way is drawn from ${from} to ${to}`);
      const anchor = way.anchor ? ` text-anchor="${way.anchor}"` : '';
      const path = `<path marker-end="url(#head)" d="${way.path}"/>`;
      return path + textAt(...way.text, when, `class="small"${anchor}`);
    }),
    '</g>',
  ];
}

function drawState(state: HttpState): string {
  const [x, row] = places[state];
  const y = row * high;
  return [
    `<rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    textAt(x + 12, y + 22, state, 'class="name"'),
    textAt(x + 12, y + 42, httpStates[state], 'class="small"'),
  ].join('');
}
