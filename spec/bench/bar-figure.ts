import { axisStyle, textStyle, writeFigure } from './figure.ts';

/** The bars of one colour. */
export interface Bars {
  readonly name: string;
  /** One for each category; `NaN` where there is none. */
  readonly values: readonly number[];
}

export interface BarFigure {
  /** Of its file in docs/figures/. */
  readonly name: string;
  readonly title: string;
  /** What is drawn, with its unit. */
  readonly x: string;
  /** Names of the groups of bars, from the top. */
  readonly categories: readonly string[];
  readonly bars: readonly Bars[];
  /** Digits behind the point of the labels. */
  readonly digits?: number;
}

/** Pixels of a letter, at most, in the mean. */
const LETTER = 7;

/** Draws horizontal bars, each with its figure. */
export function writeBarFigure(figure: BarFigure): void {
  const { name, title, x, categories, bars, digits = 0 } = figure;
  const label = ({ value }: { value: unknown }): string => Number(value).toFixed(digits);
  // Without a browser nothing knows how wide a text is.
  const left = 15 + LETTER * Math.max(...categories.map(({ length }) => length));
  writeFigure(
    { name, title, height: 100 + categories.length * (14 + 16 * bars.length) },
    {
      legend: {
        show: bars.length > 1,
        top: 30,
        textStyle,
        icon: 'rect',
        itemHeight: 8,
        itemGap: 30,
      },
      grid: { left, right: 60, top: bars.length > 1 ? 60 : 35, bottom: 45 },
      xAxis: { ...axisStyle, type: 'value', name: x, nameGap: 28 },
      yAxis: {
        ...axisStyle,
        type: 'category',
        inverse: true,
        data: [...categories],
        axisLabel: { ...textStyle, fontSize: 12 },
      },
      series: bars.map(({ name: legend, values }) => ({
        type: 'bar',
        name: legend,
        data: values.map((value) => (Number.isNaN(value) ? '-' : value)),
        label: { ...textStyle, show: true, position: 'right', fontSize: 11, formatter: label },
      })),
    },
  );
}
