import { mkdirSync, writeFileSync } from 'node:fs';
import { type EChartsOption, init } from 'echarts';

/** Of text and axes: readable on white and on black. */
const gray = '#808080';

export const textStyle = { color: gray, fontFamily: 'sans-serif' };

/** What the axes of all figures have. */
export const axisStyle = {
  nameLocation: 'middle' as const,
  axisLabel: textStyle,
  nameTextStyle: textStyle,
  axisLine: { show: true, lineStyle: { color: gray } },
  splitLine: { lineStyle: { color: gray, opacity: 0.25 } },
};

const folder = new URL('../../docs/figures/', import.meta.url);

interface Drawing {
  /** Of its file in docs/figures/. */
  readonly name: string;
  readonly title: string;
  readonly height: number;
}

/** Draws a chart, and writes it as an SVG with no background of its own. */
export function writeFigure({ name, title, height }: Drawing, option: EChartsOption): void {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 760, height });
  chart.setOption({
    animation: false,
    color: ['#2f81f7', '#d9822b', '#2ea36b', '#c2528b', '#8a63d2', '#a38a2e', '#3aa6a6', '#808080'],
    title: { text: title, left: 'center', top: 2, textStyle: { ...textStyle, fontSize: 15 } },
    ...option,
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.svg`, folder), `${chart.renderToSVGString()}\n`);
  chart.dispose();
}
