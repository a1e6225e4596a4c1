import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { collectWarnings } from '../../support/warnings.ts';
import { HISTORIES, SEED } from './histories.ts';
import { expect, type Happening, type History } from './history.ts';
import { VirtualClock } from './virtual-clock.ts';

/** How many things happen to a history by themselves between those that are drawn. */
const TURNS = 40;
const PASSES = 15;

export interface Drawn<Kind extends History, Setting> {
  readonly name: string;
  /** Of all histories, how many are of this kind. */
  readonly share: number;
  readonly settings: fc.Arbitrary<Setting>;
  readonly create: (setting: Setting) => Kind;
  readonly happenings: Readonly<Record<string, Happening<Kind>>>;
  /** Those that nothing else happens in one go with: what comes of them comes some ticks later. */
  readonly alone?: readonly string[];
  /** Which happen oftener than others, and how much. */
  readonly weights?: Readonly<Record<string, number>>;
  /** To live through one that has failed once more. */
  readonly replay?: { readonly seed: number; readonly path: string };
}

type Step<Kind extends History> = readonly [
  happening: Happening<Kind>,
  choice: number,
  isAlone: boolean,
  name: string,
];

/** What happens in one go. */
class Go<Kind extends History> implements fc.AsyncCommand<Kind, Kind> {
  readonly #steps: readonly Step<Kind>[];

  constructor(steps: readonly Step<Kind>[]) {
    this.#steps = steps;
  }

  check(): boolean {
    return true;
  }

  async run(history: Kind): Promise<void> {
    const go: (() => unknown)[] = [];
    for (const [happening, choice, isAlone] of this.#steps) {
      if (isAlone && go.length > 0) await history.happen(...go.splice(0));
      go.push(() => happening(history, choice));
      if (isAlone) await history.happen(...go.splice(0));
    }
    if (go.length > 0) await history.happen(...go);
  }

  toString(): string {
    return this.#steps.map(([, choice, , name]) => `${name}:${choice}`).join('+');
  }
}

/**
 * Lives through random histories: what happens is drawn, and in which order the event loop, the
 * timers and the peers come to their turns between. A failure is shrunk, and told with its seed.
 */
export async function randomHistories<Kind extends History, Setting>(
  drawn: Drawn<Kind, Setting>,
): Promise<void> {
  const { settings, share, name, replay } = drawn;
  const numRuns = Math.ceil(HISTORIES * share);
  process.stdout.write(`  ${name}: ${numRuns} histories, SEED=${SEED}\n`);
  const play = new Play<Kind>();
  const scheduler = fc.scheduler({ act: (release) => play.act(release) });
  const property = fc.asyncProperty(
    settings,
    gos(drawn),
    scheduler,
    async (setting, all, order) => {
      await play.live(() => drawn.create(setting), all, order);
    },
  );
  const { warnings, stopCollecting } = collectWarnings();
  try {
    await fc.assert(property, { numRuns, seed: SEED, ...replay });
    await setImmediate();
    expect(warnings.map(String).join(), '', 'warnings');
  } finally {
    VirtualClock.uninstall();
    stopCollecting();
  }
}

function gos<Kind extends History, Setting>({
  happenings,
  weights = {},
  alone = [],
}: Drawn<Kind, Setting>): fc.Arbitrary<Iterable<fc.AsyncCommand<Kind, Kind>>> {
  const step = fc.oneof(
    ...Object.entries(happenings).map(([name, happening]) => ({
      weight: weights[name] ?? 1,
      arbitrary: fc
        .nat({ max: 63 })
        .map((choice): Step<Kind> => [happening, choice, alone.includes(name), name]),
    })),
  );
  const go = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(step) },
    { weight: 1, arbitrary: fc.array(step, { minLength: 2, maxLength: 4 }) },
  );
  return fc.commands([go.map((steps) => new Go(steps))], { maxCommands: 24, size: 'max' });
}

/** One history at a time, with what happens by itself in the order that is drawn. */
class Play<Kind extends History> {
  #history: Kind | undefined;
  #order: fc.Scheduler | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #left = { turn: 0, pass: 0 };
  readonly #isPlanned = { turn: false, pass: false };

  async live(
    create: () => Kind,
    all: Iterable<fc.AsyncCommand<Kind, Kind>>,
    order: fc.Scheduler,
  ): Promise<void> {
    Object.assign(this.#left, { turn: TURNS, pass: PASSES });
    Object.assign(this.#isPlanned, { turn: false, pass: false });
    this.#failure = undefined;
    const history = create();
    this.#history = history;
    this.#order = order;
    await fc.scheduledModelRun(order, () => ({ model: history, real: history }), all);
    await history.finish();
  }

  /** Lets the scheduler go one step, and what follows from it come to its end. */
  async act(release: () => Promise<void>): Promise<void> {
    await release();
    if (this.#failure) throw this.#failure.error;
    this.#plan();
  }

  #plan(): void {
    const history = this.#history as Kind;
    const { clock, later } = history;
    if (clock.immediates > 0) this.#planClock('turn');
    if (clock.timers > 0) this.#planClock('pass');
    for (const { label, happen } of later.splice(0)) {
      this.#schedule(label, () => history.happen(happen));
    }
  }

  #planClock(how: 'turn' | 'pass'): void {
    if (this.#isPlanned[how] || this.#left[how] === 0) return;
    this.#isPlanned[how] = true;
    this.#left[how] -= 1;
    this.#schedule(how, async () => {
      this.#isPlanned[how] = false;
      await this.#history?.[how]();
    });
  }

  #schedule(label: string, run: () => Promise<unknown>): void {
    const builder = async (): Promise<void> => {
      try {
        await run();
      } catch (error) {
        this.#failure ??= { error };
      }
    };
    this.#order?.scheduleSequence([{ label, builder }]);
  }
}
