import type { Happening, History } from './history.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface Alphabet<Kind extends History> {
  readonly create: () => Kind;
  readonly happenings: Readonly<Record<string, Happening<Kind>>>;
  readonly names: readonly string[];
  /** How many things happen at the most. */
  readonly depth: number;
  /** Whether microtasks run dry only when the clock goes on, and not after each happening. */
  readonly inOneGo: boolean;
}

/**
 * Lives through every history of so many happenings, and of fewer. One in which nothing comes of
 * the last is not gone on with: without it the same has been tried.
 *
 * @returns How many there were.
 * @throws The first failure, with the happenings that led to it.
 */
export async function everyInterleaving<Kind extends History>(
  alphabet: Alphabet<Kind>,
): Promise<number> {
  let count = 0;
  const go = async (happened: readonly string[]): Promise<void> => {
    count += 1;
    const isNew = await live(alphabet, happened);
    if (!isNew || happened.length === alphabet.depth) return;
    for (const name of alphabet.names) await go([...happened, name]);
  };
  try {
    await go([]);
  } finally {
    VirtualClock.uninstall();
  }
  return count;
}

/**
 * Lives through one history: happenings by their names, `turn` and `pass` for the clock.
 *
 * @returns Whether something came of the last one.
 */
export async function live<Kind extends History>(
  { create, happenings, inOneGo }: Omit<Alphabet<Kind>, 'names' | 'depth'>,
  names: readonly string[],
): Promise<boolean> {
  const history = create();
  let isNew = true;
  let go: (() => unknown)[] = [];
  const flush = async (): Promise<void> => {
    if (go.length > 0) isNew = await history.happen(...go);
    go = [];
  };
  try {
    for (const name of names) {
      const [what = '', choice = 0] = name.split(':');
      const happening = happenings[what];
      if (happening) go.push(() => happening(history, Number(choice)));
      if (!happening || !inOneGo) await flush();
      if (!happening) isNew = await history[what as 'turn' | 'pass']();
    }
    await flush();
    await history.finish();
  } catch (cause) {
    throw new Error(`${names.join(', ')}${inOneGo ? ' (in one go)' : ''}`, { cause });
  }
  return isNew;
}
