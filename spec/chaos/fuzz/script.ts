/* What a client does, as data: steps that it takes one after the other. */

import type { Draw } from '../storm/draw.ts';

export type Step =
  | { readonly does: 'send'; readonly bytes: Buffer }
  /** Until anything has come since the last such step, or for a tenth of a second. */
  | { readonly does: 'wait' }
  | { readonly does: 'pause'; readonly lasts: number }
  /** Ends its side. */
  | { readonly does: 'end' }
  | { readonly does: 'reset' }
  /** Reads nothing more. */
  | { readonly does: 'deafen' };

/** Bytes to send, as text of one byte a character or as they are; or another step. */
export type Part = string | Buffer | Step;

/** Makes the parts of one script. */
type Shape = (draw: Draw) => readonly Part[];

/** Shapes by name. */
export type Shapes = Readonly<Record<string, Shape>>;

export const wait: Step = { does: 'wait' };
export const end: Step = { does: 'end' };
export const reset: Step = { does: 'reset' };
export const deafen: Step = { does: 'deafen' };
export const pause = (lasts: number): Step => ({ does: 'pause', lasts });

export function stepsOf(parts: readonly Part[]): Step[] {
  return parts.map((part) => {
    if (typeof part === 'string') return { does: 'send', bytes: Buffer.from(part, 'latin1') };
    return Buffer.isBuffer(part) ? { does: 'send', bytes: part } : part;
  });
}

/** As many as so. */
export function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

export function bytesIn(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + (step.does === 'send' ? step.bytes.length : 0), 0);
}

/** How many bytes of a step are shown. */
const SHOWN = 120;

/** A script in a line: bytes as text with escapes, and no longer than a reader wants. */
export function show(steps: readonly Step[]): string {
  return steps.map(showStep).join(' ');
}

function showStep(step: Step): string {
  if (step.does === 'pause') return `pause ${step.lasts}`;
  if (step.does !== 'send') return step.does;
  const text = step.bytes.toString('latin1', 0, SHOWN).replaceAll(/[^ -~]|["\\]/g, escaped);
  const rest = step.bytes.length - SHOWN;
  return `"${text}"${rest > 0 ? `+${rest}` : ''}`;
}

function escaped(character: string): string {
  if (character === '\r') return String.raw`\r`;
  if (character === '\n') return String.raw`\n`;
  if (character === '"' || character === '\\') return `\\${character}`;
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
