import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/spawn-script.ts';

/** A fenced block of code. */
export interface Block {
  /** The word behind the fence: `ts`, `sh`, … */
  readonly language: string;
  /** The line of the fence, from 1. */
  readonly line: number;
  readonly code: string;
}

interface Heading {
  readonly line: number;
  readonly text: string;
}

/** A Markdown file of the repository. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly blocks: readonly Block[];
  readonly headings: readonly Heading[];
  /** All lines. Those of fenced blocks are empty. */
  readonly prose: readonly string[];
}

const fence = /^\s*(```+)(\w*)/;

/** @throws Error for a block that nothing ends. */
function readPage(path: string): Page {
  const blocks: Block[] = [];
  const headings: Heading[] = [];
  const prose: string[] = [];
  let open: { end: string; language: string; line: number; code: string[] } | undefined;
  for (const [at, text] of readFileSync(join(projectRoot, path), 'utf8').split('\n').entries()) {
    const [, ticks = '', language = ''] = fence.exec(text) ?? [];
    prose.push(open || ticks ? '' : text);
    if (open && text.trim() === open.end) {
      blocks.push({ language: open.language, line: open.line, code: open.code.join('\n') });
      open = undefined;
    } else if (open) {
      open.code.push(text);
    } else if (ticks) {
      open = { end: ticks, language, line: at + 1, code: [] };
    } else {
      const [, title] = /^#{1,6} (.*)$/.exec(text) ?? [];
      if (title !== undefined) headings.push({ line: at + 1, text: title });
    }
  }
  if (open) throw new Error(`${path}:${open.line}: the block has no end`);
  return { path, blocks, headings, prose };
}

function pagesIn(folder: string, recursive: boolean): string[] {
  const names = readdirSync(join(projectRoot, folder), { recursive, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
}

/** Those at the root, and all below docs/. */
export const pages: readonly Page[] = [...pagesIn('.', false), ...pagesIn('docs', true)]
  .toSorted()
  .map(readPage);

/** What stands between backticks in a line. */
export function codeSpans(line: string): string[] {
  return [...line.matchAll(/(`+)(.+?)\1/g)].map(([, , code = '']) => code);
}
