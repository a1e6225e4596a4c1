/** What the drawn figures have in common: colours for light and dark, and text. */

/** Pixels of the pages of README and docs, so that 12 stay 12. */
export const WIDTH = 830;

/** On a ground of their own: a page's theme need not be that of the browser. */
const style = `
  text { font: 13px sans-serif; fill: #1f2328; }
  .ground { fill: #ffffff; stroke: none; }
  .name { font-weight: bold; font-size: 15px; }
  rect { fill: #f6f8fa; stroke: #59636e; }
  path { stroke: #59636e; fill: none; }
  marker path { fill: #59636e; }`;

const darkStyle = `
    text { fill: #f0f6fc; }
    .ground { fill: #0d1117; }
    rect { fill: #151b23; stroke: #9198a1; }
    path { stroke: #9198a1; }
    marker path { fill: #9198a1; }`;

export interface Picture {
  readonly width?: number;
  readonly height: number;
  /** Rules of its own, and those of them that dark changes. */
  readonly style?: string;
  readonly darkStyle?: string;
  readonly parts: readonly string[];
}

/** An SVG that is readable in light and dark. */
export function drawSvg({ width = WIDTH, height, parts, ...own }: Picture): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<style>${style}${own.style ?? ''}`,
    `  @media (prefers-color-scheme: dark) {${darkStyle}${own.darkStyle ?? ''}`,
    '  }\n</style>',
    '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8Z"/></marker></defs>',
    `<rect class="ground" width="${width}" height="${height}" rx="6"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** One line of text. @param rest - Further attributes: `class`, `text-anchor`. */
export function textAt(x: number, y: number, text: string, rest = ''): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}"${rest && ` ${rest}`}>${escaped}</text>`;
}
