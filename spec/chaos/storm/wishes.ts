/* How a client tells a handler what to do: by the words of a line, or of a path. */

import type { Action, Want } from './plan.ts';

export interface Wish {
  readonly key: string;
  readonly action: Action;
  readonly size: number;
  readonly upload: number;
  readonly takes: number;
}

export function wishOf({ key, action, size, upload, takes }: Want, separator: string): string {
  return [key, action, size, upload, takes].join(separator);
}

/** `undefined` for what no client of ours has said. */
export function readWish(text: string, separator: string): Wish | undefined {
  const [key = '', action = '', size, upload, takes] = text.split(separator);
  if (!/^\d+-\d+$/.test(key)) return undefined;
  const numbers = { size: Number(size), upload: Number(upload), takes: Number(takes) };
  return { key, action: action as Action, ...numbers };
}
