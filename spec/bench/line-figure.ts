import { axisStyle, textStyle, writeFigure } from './figure.ts';

/** One line of a figure. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface LineFigure {
  /** Of its file in docs/figures/. */
  readonly name: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** For sizes of several magnitudes, on both axes. */
  readonly isLogarithmic?: boolean;
}

/** Draws lines over a number. */
export function writeLineFigure(figure: LineFigure): void {
  const { name, title, x, y, series, isLogarithmic = false } = figure;
  const type = isLogarithmic ? ('log' as const) : ('value' as const);
  const start = isLogarithmic ? {} : { min: 0 };
  writeFigure(
    { name, title, height: 360 },
    {
      legend: { top: 30, textStyle, icon: 'rect', itemHeight: 3, itemGap: 30 },
      grid: { left: 70, right: 30, top: 90, bottom: 50 },
      xAxis: { ...axisStyle, ...start, type, name: x, nameGap: 30, max: 'dataMax' },
      yAxis: { ...axisStyle, type, name: y, nameGap: 50 },
      series: series.map(({ name: label, points }) => ({
        type: 'line',
        name: label,
        data: points.map((point) => [...point]),
        showSymbol: isLogarithmic,
      })),
    },
  );
}
