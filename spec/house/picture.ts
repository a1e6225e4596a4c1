import { drawSvg, textAt } from '../figures/svg.ts';
import { roomOf, type SourceFile } from './imports.ts';
import { facts, type Room, rooms } from './rooms.ts';

const [width, height, gap] = [236, 92, 44];
/** Characters of a line in a box. */
const LINE = 32;

const columns = ['left', 'middle', 'right'];

const style = `
  .facts { stroke-dasharray: 4 3; }`;

interface Box extends Room {
  readonly title: string;
  readonly x: number;
  readonly y: number;
}

/** Draws the rooms as boxes, the lowest at the bottom, and what they import as arrows, as an SVG. */
export function drawHouse(files: ReadonlyMap<string, SourceFile>): string {
  const used = usedRooms(files);
  const level = (name: string): number =>
    Math.max(-1, ...[...(used.get(name) ?? [])].map(level)) + 1;
  const top = Math.max(...rooms.map(({ name }) => level(name)));
  const boxes = rooms.map((room): Box => ({
    ...room,
    title: room.name === '' ? 'lib/' : `${room.name}/`,
    x: gap + columns.indexOf(room.side ?? 'middle') * (width + gap),
    y: gap / 2 + (top - level(room.name)) * (height + gap),
  }));
  const total = columns.length * (width + gap) + gap;
  const bottom = (top + 1) * (height + gap);
  const arrows = boxes.flatMap((from) =>
    boxes.filter(({ name }) => isNext(used, from.name, name)).map((to) => arrow(from, to)),
  );
  const parts = [
    ...arrows,
    ...boxes.map(({ x, y, title, says }) => box({ x, y, title, says })),
    box({
      x: gap,
      y: bottom + gap / 2,
      title: facts.map((fact) => `${fact}.ts`).join(', '),
      says: 'Plain facts of lib/ itself, which every room above primitives/ may import.',
      wide: total - 2 * gap,
    }),
  ];
  return drawSvg({ width: total, height: bottom + height, style, parts });
}

/** What each room imports from, without the facts. */
function usedRooms(files: ReadonlyMap<string, SourceFile>): Map<string, Set<string>> {
  const used = new Map(rooms.map(({ name }) => [name, new Set<string>()]));
  for (const { name, imports } of files.values()) {
    if (facts.includes(name)) continue;
    for (const imported of imports) {
      if (roomOf(imported) === roomOf(name) || facts.includes(imported)) continue;
      used.get(roomOf(name))?.add(roomOf(imported));
    }
  }
  return used;
}

/** Whether an arrow is drawn: where no longer way leads there. */
function isNext(used: Map<string, Set<string>>, from: string, to: string): boolean {
  const direct = [...(used.get(from) ?? [])];
  const leads = (name: string): boolean =>
    [...(used.get(name) ?? [])].some((next) => next === to || leads(next));
  return direct.includes(to) && !direct.some(leads);
}

function arrow(from: Box, to: Box): string {
  const [x1, y1, x2, y2] = [from.x + width / 2, from.y + height, to.x + width / 2, to.y];
  return `<path marker-end="url(#head)" d="M${x1} ${y1}V${y1 + gap / 2}H${x2}V${y2}"/>`;
}

interface Text {
  readonly x: number;
  readonly y: number;
  readonly title: string;
  readonly says: string;
  readonly wide?: number;
}

function box({ x, y, title, says, wide }: Text): string {
  const lines = wide === undefined ? wrap(says) : [says];
  const shape = `<rect${wide === undefined ? '' : ' class="facts"'} x="${x}" y="${y}" width="${wide ?? width}" height="${wide === undefined ? height : 56}" rx="6"/>`;
  const texts = lines.map((line, at) => textAt(x + 12, y + 44 + at * 17, line));
  return [shape, textAt(x + 12, y + 23, title, 'class="name"'), ...texts].join('');
}

function wrap(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= LINE) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
