import { drawSvg, textAt, WIDTH } from '../svg.ts';
import { type Arrow, arrows, type Place, places } from './life.ts';
import { drawHttp, HTTP_HEIGHT } from './http-picture.ts';

const style = `
  .small { font-size: 12px; }
  .count { font-size: 12px; font-weight: bold; }`;

/** Pixels. */
const [MARGIN, LEFT, BOX, GONE, WAY, GAP, TOP] = [16, 170, 190, 680, 44, 44, 44];

interface Box {
  readonly place: Place;
  readonly y: number;
  readonly height: number;
}

/** Draws the life of a connection of `serve`, and below it that of one of HTTP/1. */
export function drawConnection(): string {
  const boxes: Box[] = [];
  let y = TOP;
  for (const place of Object.keys(places) as Place[]) {
    if (place === 'gone') continue;
    const height = Math.max(1, exitsOf(place).length) * WAY + 8;
    boxes.push({ place, y, height });
    y += height + GAP;
  }
  const bottom = y - GAP;
  const parts = [
    textAt(
      MARGIN,
      26,
      'A socket of serve, and what each step counts in serving.stats',
      'class="name"',
    ),
    ...boxes.map(({ place, ...box }) => drawBox(place, { ...box, x: LEFT, width: BOX })),
    drawBox('gone', { x: GONE, y: TOP, width: WIDTH - MARGIN - GONE, height: bottom - TOP }),
    ...boxes.flatMap(drawExits),
    ...boxes.slice(1).map((to, at) => drawStep(boxes[at], to)),
    drawPass(boxes),
    ...drawHttp(bottom + 40),
  ];
  return drawSvg({ height: bottom + 40 + HTTP_HEIGHT, style, parts });
}

const all: readonly Arrow[] = Object.values(arrows);

const exitsOf = (place: Place): Arrow[] =>
  all.filter(({ from, to }) => from === place && to === 'gone');

const head = 'marker-end="url(#head)"';

interface Shape {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function drawBox(place: Place, { x, y, width, height }: Shape): string {
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`,
    textAt(x + 12, y + 22, place, 'class="name"'),
    textAt(x + 12, y + 40, places[place], 'class="small"'),
  ].join('');
}

/** `'queued −1, lost +1'` */
function countsOf({ counts }: Arrow): string {
  const changes = Object.entries(counts).map(([name, by]) => `${name} ${by > 0 ? '+' : '−'}1`);
  return changes.join(', ');
}

function drawExits({ place, y }: Box): string[] {
  return exitsOf(place).map((exit, at) => {
    const line = y + 26 + at * WAY;
    const [from, text] = [LEFT + BOX, LEFT + BOX + 12];
    return [
      `<path ${head} d="M${from} ${line}H${GONE}"/>`,
      textAt(text, line - 6, exit.when, 'class="small"'),
      textAt(text, line + 15, countsOf(exit), 'class="count"'),
    ].join('');
  });
}

/** From one box to the next one below. */
function drawStep(from: Box | undefined, to: Box): string {
  const step = all.find((each) => each.from === from?.place && each.to === to.place);
  if (!from || !step) throw new Error(`Nothing leads to ${to.place} from above`);
  const [x, y] = [LEFT + BOX / 2, from.y + from.height];
  return [
    `<path ${head} d="M${x} ${y}V${to.y}"/>`,
    textAt(x + 12, y + 19, step.when, 'class="small"'),
    textAt(x + 12, y + 35, countsOf(step), 'class="count"'),
  ].join('');
}

/** Past the queue, on the left. */
function drawPass(boxes: readonly Box[]): string {
  const [from, to] = [boxes.find(isOf('accepted')), boxes.find(isOf('running'))];
  if (!from || !to) throw new Error('Nothing to pass by');
  const [begin, end] = [from.y + from.height / 2, to.y + to.height / 2];
  const middle = (begin + end) / 2;
  return [
    `<path ${head} d="M${LEFT} ${begin}H${LEFT - 40}V${end}H${LEFT}"/>`,
    textAt(LEFT - 50, middle - 10, arrows.passes.when, 'class="small" text-anchor="end"'),
    ...countsOf(arrows.passes)
      .split(', ')
      .map((count, at) =>
        textAt(LEFT - 50, middle + 8 + at * 16, count, 'class="count" text-anchor="end"'),
      ),
  ].join('');
}

function isOf(wanted: Place): (box: Box) => boolean {
  return ({ place }) => place === wanted;
}
