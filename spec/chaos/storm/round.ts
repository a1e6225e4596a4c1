import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { abortListeners } from '../../support/listeners.ts';
import { connectionsOf } from '../../support/scene.ts';
import { stall, turns } from '../../support/turns.ts';
import type { VisitAccount } from './account.ts';
import { type Arena, openArena } from './arena.ts';
import { now, sleep } from './clock.ts';
import type { Evidence, Times } from './evidence.ts';
import type { Lateness } from './lateness.ts';
import { Ledger } from './ledger.ts';
import type { RoundPlan } from './plan.ts';
import { runDrain } from './run-drain.ts';
import { runLoop } from './run-loop.ts';
import { runServe } from './run-serve.ts';
import type { Ending, Running } from './running.ts';
import { prepareStop } from './stop-round.ts';
import type { Visitors } from './visitors.ts';

/** After the deadline, how long a round is waited for that does not end, in milliseconds. */
const OVERTIME_MS = 2000;

/** How often to look whether the listener is open, in milliseconds. */
const LOOK_MS = 5;

/** How long what was ended by force may take to say so, in milliseconds. */
const GONE_MS = 500;

const runners = { loop: runLoop, serve: runServe, drain: runDrain };

/** Runs one round to its end, whatever happens in it. */
export async function runRound(
  plan: RoundPlan,
  visitors: Visitors,
  lateness: Lateness,
): Promise<Evidence> {
  const ledger = new Ledger();
  const arena = await openArena(plan.kind, ledger);
  const watch = new Watch(arena);
  const stop = prepareStop(arena, plan, () => (watch.stoppedAt = now()));
  const running = runners[plan.way](arena, plan, stop.onCall);
  const { visits, grace } = plan;
  const patience = plan.stop.at + grace + 2 * OVERTIME_MS;
  const visiting = visitors.visit({ ...arena.where, kind: plan.kind, visits, patience });
  const stalls = plan.stalls.map(({ at, lasts }) => setTimeout(() => stall(lasts), at));
  const ending = await endOf(running, stop.perform(running), watch, plan, lateness);
  for (const timer of stalls) clearTimeout(timer);
  const late = lateness.since(watch.stoppedAt);
  const isOwners = plan.kind === 'ws' && plan.way !== 'drain';
  const isListening = !isOwners && watch.isListening;
  const openAfter = await countOpen(arena, plan);
  const accounts = await raze(arena, plan, visiting, watch);
  await until(() => watch.closes > 0 && ledger.open.size === 0);
  await turns(5);
  watch.stop();
  return {
    plan,
    ledger,
    ending,
    accounts,
    openAfter,
    isListening,
    closes: watch.closes,
    times: timesOf(watch, plan, late),
    leftListeners: arena.leftListeners(),
    abortListeners: abortListeners(running.stop.signal),
  };
}

/** When the shutdown of one server begins and ends. */
class Watch {
  stoppedAt = 0;
  begunAt = 0;
  endedAt = 0;
  settledAt = 0;
  razedAt = Infinity;
  closedAt = Infinity;
  closes = 0;
  readonly #arena: Arena;
  readonly #timer: NodeJS.Timeout;

  constructor(arena: Arena) {
    this.#arena = arena;
    (arena.listener ?? arena.subject).on('close', () => (this.closes += 1));
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    subscribe('accept-loop:drain', this.#onDrain);
    subscribe('accept-loop:end', this.#onEnd);
  }

  /** An attached WebSocket server has no listener of its own. */
  get isListening(): boolean {
    return this.#arena.listener?.listening === true;
  }

  stop(): void {
    clearInterval(this.#timer);
    unsubscribe('accept-loop:drain', this.#onDrain);
    unsubscribe('accept-loop:end', this.#onEnd);
  }

  #look(): void {
    if (this.stoppedAt > 0 && !this.isListening) this.closedAt = Math.min(this.closedAt, now());
  }

  readonly #onDrain = (message: unknown): void => {
    if (!this.#isOurs(message)) return;
    this.begunAt ||= now();
    this.#arena.ledger.note('begins to shut down');
  };

  readonly #onEnd = (message: unknown): void => {
    if (!this.#isOurs(message)) return;
    this.endedAt ||= now();
    this.#arena.ledger.note('is over');
  };

  #isOurs(message: unknown): boolean {
    const { server } = message as { server: unknown };
    return server === this.#arena.subject || server === this.#arena.listener;
  }
}

async function endOf(
  running: Running,
  stopping: Promise<void>,
  watch: Watch,
  plan: RoundPlan,
  lateness: Lateness,
): Promise<Ending | undefined> {
  const state = { isOver: false };
  const overtime = async (): Promise<undefined> => {
    await stopping;
    const begun = now();
    const over = (): number => begun + plan.grace + OVERTIME_MS + lateness.since(begun);
    while (!state.isOver && now() < over()) await sleep(20);
    return undefined;
  };
  const ending = await Promise.race([running.settled, overtime()]);
  state.isOver = true;
  await stopping;
  watch.settledAt = now();
  return ending;
}

/** What a loop has handed out is not its own any more. */
async function countOpen(
  { subject, kind, listener, ledger }: Arena,
  plan: RoundPlan,
): Promise<number> {
  if (plan.way === 'loop') return 0;
  // Of the HTTP server that it is attached to, `serve` knows nothing.
  if (kind === 'ws' && plan.way === 'serve') return 0;
  const server = listener ?? subject;
  // It keeps its own to itself.
  const count = async (): Promise<number> =>
    kind === 'ws-port' ? ledger.open.size : await connectionsOf(server);
  const end = now() + GONE_MS;
  while ((await count()) > 0 && now() < end) await sleep(5);
  return await count();
}

/** Waits for the clients; ends what is left when the time is over that it had. */
async function raze(
  arena: Arena,
  plan: RoundPlan,
  visiting: Promise<VisitAccount[]>,
  watch: Watch,
): Promise<VisitAccount[]> {
  const { listener, ledger } = arena;
  if (listener?.listening) listener.close();
  const patience = plan.way === 'loop' || arena.kind === 'ws' ? plan.grace : OVERTIME_MS;
  const timer = setTimeout(() => {
    watch.razedAt = now();
    ledger.note('is razed');
    arena.raze();
  }, patience);
  const accounts = await visiting;
  clearTimeout(timer);
  // What clients have left behind is not waited for by a loop's owner.
  arena.raze();
  return accounts;
}

async function until(holds: () => boolean): Promise<void> {
  const end = now() + GONE_MS;
  while (!holds() && now() < end) await sleep(5);
}

function timesOf(watch: Watch, plan: RoundPlan, late: number): Times {
  const { stoppedAt, endedAt, razedAt } = watch;
  // Leaving a loop is no shutdown, and begins none.
  const begunAt = watch.begunAt || stoppedAt;
  const settledAt = plan.way === 'loop' ? endedAt || watch.settledAt : watch.settledAt;
  const isHarder = plan.stop.way === 'stop harder';
  const grace = isHarder ? Math.min(plan.grace, plan.stop.harder + 30) : plan.grace;
  return {
    stoppedAt,
    begunAt,
    settledAt,
    razedAt,
    closedAt: watch.closedAt,
    late,
    deadline: begunAt + grace,
  };
}
