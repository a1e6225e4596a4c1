import { mkdirSync, writeFileSync } from 'node:fs';
import { init } from 'echarts';

/** One line of a figure. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface Figure {
  /** Of its file in docs/figures/. */
  readonly name: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

/** Of text and axes: readable on white and on black. */
const gray = '#808080';
const colours = ['#2f81f7', '#d9822b', '#2ea36b', '#c2528b'];

const folder = new URL('../../docs/figures/', import.meta.url);

/** Draws lines over a number, and writes them as an SVG with no background of its own. */
export function writeFigure({ name, title, x, y, series }: Figure): void {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 760, height: 340 });
  const textStyle = { color: gray, fontFamily: 'system-ui, sans-serif' };
  const axis = {
    type: 'value' as const,
    nameLocation: 'middle' as const,
    axisLabel: textStyle,
    nameTextStyle: textStyle,
    axisLine: { show: true, lineStyle: { color: gray } },
    splitLine: { lineStyle: { color: gray, opacity: 0.25 } },
  };
  chart.setOption({
    animation: false,
    color: colours,
    title: { text: title, left: 'center', top: 2, textStyle: { ...textStyle, fontSize: 15 } },
    legend: { top: 30, textStyle, icon: 'rect', itemHeight: 3 },
    grid: { left: 70, right: 30, top: 70, bottom: 50 },
    xAxis: { ...axis, name: x, nameGap: 30, min: 0, max: 'dataMax' },
    yAxis: { ...axis, name: y, nameGap: 50 },
    series: series.map(({ name: label, points }) => ({
      type: 'line',
      name: label,
      data: points.map((point) => [...point]),
      showSymbol: false,
    })),
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.svg`, folder), `${chart.renderToSVGString()}\n`);
  chart.dispose();
}
