import { drawSvg, textAt } from '../svg.ts';
import { countFates, fateOf } from './fates.ts';
import {
  darkMarkStyle,
  endMark,
  legend,
  lineMark,
  markStyle,
  requestMark,
  type Tone,
} from './marks.ts';
import { AFTER, BEFORE, GRACE, IDLE } from './run.ts';
import { clients, type Kind, type Line, type Run, type WayName } from './types.ts';

/** Pixels. */
const [MARGIN, LEFT, RIGHT, ROW, GAP, HEAD, BELOW] = [16, 156, 812, 11, 5, 46, 20];

const style = `
  .small { font-size: 12px; }
  .bound { stroke-dasharray: 2 3; }${markStyle}`;

interface Panel {
  readonly way: WayName;
  readonly title: string;
  /** Of the stop. */
  readonly begins: string;
  /** What it is bound by, in milliseconds from the stop. */
  readonly bounds: Readonly<Record<string, number>>;
}

export const panels: readonly Panel[] = [
  {
    way: 'drain',
    title: 'drain(server, { signal })',
    begins: 'abort, last call',
    bounds: { 'idle is over': IDLE, 'grace is over': GRACE },
  },
  { way: 'close', title: 'server.close()', begins: 'close()', bounds: {} },
  {
    way: 'terminator',
    title: 'http-terminator',
    begins: 'terminate()',
    bounds: { 'its timeout': GRACE },
  },
];

/** Draws a run of each panel, one below the other. @param runtime - Of the servers. */
export function drawDrain(runs: Readonly<Record<WayName, Run>>, runtime: string): string {
  const { places, labels, height } = layRows();
  const parts = legend(MARGIN, 20);
  let y = 62;
  for (const panel of panels) {
    const run = runs[panel.way];
    const top = y + HEAD;
    parts.push(
      textAt(MARGIN, y + 14, panel.title, 'class="name"'),
      textAt(RIGHT, y + 14, summaryOf(run), 'text-anchor="end"'),
      ...labels.map(({ text, at }) => textAt(MARGIN, top + at + 4, text, 'class="small"')),
      ...stagesOf(panel, run, top, top + height),
      ...run.lines.map((line) => drawLine(line, run, top + (places.get(nameOf(line)) ?? NaN))),
    );
    y = top + height + BELOW;
  }
  parts.push(...axis(y - 8));
  const notes = [
    `One run of each on ${runtime}, not a mean. The client process notes what its connections see. grace: ${GRACE}, idle: ${IDLE},`,
    `http-terminator's timeout: ${GRACE}. The channels accept-loop:drain and accept-loop:end tell when drain begins and ends.`,
  ];
  parts.push(...notes.map((note, at) => textAt(MARGIN, y + 36 + 16 * at, note, 'class="small"')));
  return drawSvg({ height: y + 64, style, darkStyle: darkMarkStyle, parts });
}

const nameOf = ({ kind, client }: Line): string => `${kind} ${client}`;

const round = (pixels: number): number => Math.round(pixels * 10) / 10;

function x(milliseconds: number): number {
  const shown = Math.max(-BEFORE, Math.min(AFTER, milliseconds));
  return round(LEFT + ((shown + BEFORE) / (BEFORE + AFTER)) * (RIGHT - LEFT));
}

interface Rows {
  readonly height: number;
  readonly labels: readonly { readonly text: string; readonly at: number }[];
  /** The middle of each client's row. */
  readonly places: ReadonlyMap<string, number>;
}

function layRows(): Rows {
  const places = new Map<string, number>();
  const labels: { text: string; at: number }[] = [];
  let at = 0;
  for (const [kind, count] of Object.entries(clients) as [Kind, number][]) {
    labels.push({ text: count === 1 ? kind : `${kind} × ${count}`, at: at + (count * ROW) / 2 });
    for (let client = 0; client < count; client += 1) {
      places.set(`${kind} ${client}`, at + ROW * (client + 0.5));
    }
    at += count * ROW + GAP;
  }
  return { height: at, labels, places };
}

function summaryOf(run: Run): string {
  const { answered, lost, cutOff, hanging, refused } = countFates(run);
  const { begun, ended } = run.stages;
  return [
    `${answered} requests answered`,
    `${lost} lost`,
    ...(cutOff > 0 ? [`${cutOff} cut off`] : []),
    ...(hanging > 0 ? [`${hanging} hanging`] : []),
    `${refused} connects refused`,
    ended === undefined
      ? `not over after ${AFTER} ms`
      : `over after ${Math.round(ended - begun)} ms`,
  ].join(', ');
}

/** Vertical lines, each with its name. */
function stagesOf(
  { begins, bounds }: Panel,
  { stages }: Run,
  top: number,
  bottom: number,
): string[] {
  const stage = (
    at: number,
    text: string,
    rest: { isLeft?: boolean; isBound?: boolean },
  ): string => {
    const path = `<path${rest.isBound ? ' class="bound"' : ''} d="M${x(at)} ${top - 16}V${bottom}"/>`;
    const [shift, anchor] = rest.isLeft ? [-4, ' text-anchor="end"'] : [4, ''];
    return path + textAt(x(at) + shift, top - 6, text, `class="small"${anchor}`);
  };
  const parts = [stage(0, begins, { isLeft: true })];
  for (const [text, at] of Object.entries(bounds)) parts.push(stage(at, text, { isBound: true }));
  if (stages.closed === undefined) return parts;
  const closed = Math.round(stages.closed - stages.begun);
  const text = `listener closed after ${closed} ms`;
  return [...parts, stage(closed, text, { isLeft: closed > AFTER / 2 })];
}

function drawLine(line: Line, { stages, cut }: Run, y: number): string {
  const fate = fateOf(line, cut);
  const at = (time = line.ended ?? cut): number => x(Math.min(time, cut) - stages.begun);
  const isAnswered = line.requests.every(({ answered }) => answered !== undefined);
  const tone: Tone = fate === 'refused' ? fate : isAnswered ? 'answered' : 'lost';
  const requests = line.requests.map(({ sent, answered }) =>
    requestMark(answered === undefined ? 'lost' : 'answered', at(sent), at(answered), y),
  );
  const connection = fate === 'refused' ? '' : lineMark(tone, at(line.begun), at(), y);
  return [connection, ...requests, endMark(fate, tone, at(), y)].join('');
}

function axis(y: number): string[] {
  const ticks = Array.from({ length: Math.floor(AFTER / 500) + 1 }, (_, at) => at * 500);
  const middle = 'class="small" text-anchor="middle"';
  return [
    `<path d="M${LEFT} ${y}H${RIGHT}"/>`,
    ...ticks.map(
      (at) => `<path d="M${x(at)} ${y}v5"/>${textAt(x(at), y + 19, `${at} ms`, middle)}`,
    ),
  ];
}
