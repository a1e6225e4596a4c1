import type { EventEmitter } from 'node:events';
import { abortListeners, listenersOn } from '../../../support/listeners.ts';
import { connectionsOf } from '../../../support/scene.ts';
import { turns } from '../../../support/turns.ts';
import { now, sleep } from '../../storm/clock.ts';
import type { Lateness } from '../../storm/lateness.ts';
import { familyOf, type Plan } from '../plan.ts';
import { Calls } from './calls.ts';
import type { Ending, Evidence } from './evidence.ts';
import { nothing } from './occasion.ts';
import { standGuard } from './owner.ts';
import { eventOf, runners } from './run.ts';
import type { Running } from './running.ts';
import { sabotage, type Sabotage } from './sabotage.ts';
import { openScene, type Scene } from './scene.ts';
import { stop, stopInside, timeFor } from './stop.ts';

/** How often the counts are looked at, in milliseconds. */
const LOOK_MS = 5;
/** What it may be late, as DESIGN.md says. */
const SETTLE_MS = 250;
/** How long a round is waited for that does not end, in milliseconds. */
const OVERTIME_MS = 1500;
/** How long what was ended by force may take to say so, in milliseconds. */
const GONE_MS = 250;
/** Of faults of one kind so many are told. */
const TOLD = 5;

/** A round that is ready. */
export interface Round {
  readonly where: Scene['where'];
  /** Runs it to its end, whatever happens in it. */
  readonly run: () => Promise<Evidence>;
  /** Stops it, where its plan has no moment for that. */
  readonly stop: () => void;
  readonly tell: (text: string) => void;
}

/** Opens the server of a round, in its process. */
export async function openRound(
  plan: Plan,
  lateness: Lateness,
  fault: Sabotage | undefined,
): Promise<Round> {
  const scene = await openScene(plan.kind, plan.tuning);
  const { subject, listener } = scene;
  const calls = new Calls(plan);
  const strange: string[] = [];
  const tell = (text: string): void => void strange.push(text);
  let closes = 0;
  // An attached WebSocket server is drained with the HTTP server that it is attached to.
  const closing = plan.kind === 'ws' ? listener : subject;
  closing?.on('close', () => (closes += 1));
  prepare(scene, plan, calls);
  const before = listenersOn(subject);
  const running = sabotage(fault, scene, runners[plan.way](scene, plan, calls, tell));
  let stopNow = nothing;
  const told = new Promise<void>((resolve) => (stopNow = resolve));

  const run = async (): Promise<Evidence> => {
    const watch = new Watch(running);
    const cost = measure(scene);
    let stoppedAt = 0;
    let isInside = false;
    calls.stop = (how) => {
      if (stoppedAt > 0) return;
      stoppedAt = now();
      isInside = true;
      stopInside(how, scene, plan, running);
      stopNow();
    };
    await (plan.stop.at === null ? told.then(quiet) : Promise.race([told, sleep(plan.stop.at)]));
    const spent = cost();
    if (stoppedAt === 0) {
      stoppedAt = now();
      void stop(scene, plan, running);
    }
    const allowed = timeFor(plan, isInside) + SETTLE_MS;
    const ending = await endOf(running.settled, () => {
      return now() - stoppedAt - lateness.since(stoppedAt) - allowed;
    });
    const late = lateness.since(stoppedAt);
    const overdue = now() - stoppedAt - late - allowed;
    watch.stop();
    const isListening = plan.way !== 'bare' && subject.listening;
    // What a loop has handed out is not its own any more.
    const isOwners = plan.way === 'loop' || isAttached(plan);
    const openAfter = isOwners ? 0 : await countOpen(scene);
    const open = openAfter === 0 ? [] : [...scene.sockets].map(describe);
    // Deno says so some turns later.
    if (plan.way === 'serve' || plan.way === 'drain') await until(() => closes > 0);
    const closesBefore = closes;
    if (listener?.listening) listener.close();
    if (subject !== listener && closes === 0) subject.close();
    calls.over.abort();
    scene.raze();
    await until(() => closes > 0 && scene.sockets.size === 0);
    await turns(5);
    return {
      ...{ ending, overdue, late, openAfter, open, closesBefore, closes, isListening },
      badLooks: watch.badLooks,
      leftListeners: differences(subject, before),
      abortListeners: abortListeners(running.stop.signal),
      strange: strange.slice(0, TOLD),
      calls: running.calls(),
      cpu: spent.cpu,
      bytes: spent.bytes,
    };
  };
  return { where: scene.where, run, stop: () => stopNow(), tell };
}

/** Whether the sockets are those of an HTTP server that is its owner's. */
function isAttached({ kind, way }: Plan): boolean {
  return kind === 'ws-none' || (kind === 'ws' && way === 'serve');
}

/** All that its owner does before us. */
function prepare(scene: Scene, plan: Plan, calls: Calls): void {
  const { subject, listener } = scene;
  // The first one has an HTTP/2 server put a listener of its own in the place of another.
  if (familyOf(plan.kind) === 'http2') subject.on('request', nothing).off('request', nothing);
  standGuard(scene, plan);
  for (const event of plan.handled) calls.listen(listener ?? subject, event);
  if (plan.way === 'drain' || plan.way === 'bare') calls.listen(subject, eventOf(plan));
}

/** Looks at the counts, again and again. */
class Watch {
  readonly badLooks: string[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor({ look }: Running) {
    this.#timer = setInterval(() => {
      const bad = look();
      if (bad !== undefined && this.badLooks.length < TOLD) this.badLooks.push(bad);
    }, LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** @param overdue - Milliseconds, negative as long as there is time. */
async function endOf(settled: Promise<Ending>, overdue: () => number): Promise<Ending | undefined> {
  const state = { isOver: false };
  const overtime = async (): Promise<undefined> => {
    while (!state.isOver && overdue() < OVERTIME_MS) await sleep(20);
    return undefined;
  };
  const ending = await Promise.race([settled, overtime()]);
  state.isOver = true;
  return ending;
}

async function countOpen({ listener, sockets }: Scene): Promise<number> {
  const count = async (): Promise<number> =>
    listener ? await connectionsOf(listener) : sockets.size;
  const end = now() + GONE_MS;
  while ((await count()) > 0 && now() < end) await sleep(5);
  return await count();
}

const describe = ({
  remotePort,
  bytesRead,
  bytesWritten,
  destroyed,
}: Scene['sockets'] extends ReadonlySet<infer Socket> ? Socket : never): string =>
  `${remotePort}: ${bytesRead} bytes read, ${bytesWritten} written${destroyed ? ', destroyed' : ''}`;

async function until(holds: () => boolean): Promise<void> {
  const end = now() + GONE_MS;
  while (!holds() && now() < end) await sleep(5);
}

function differences(emitter: EventEmitter, before: Record<string, number>): string[] {
  const after = listenersOn(emitter);
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter((name) => (before[name] ?? 0) !== (after[name] ?? 0))
    .map((name) => `${name}: ${before[name] ?? 0} before, ${after[name] ?? 0} after`);
}

/** Reads what has been spent, and received, from now on. */
function measure({ received }: Scene): () => { cpu: number; bytes: number } {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { cpu: (user + system) / 1000, bytes: received() };
  };
}

/** How long a process has to do next to nothing, in milliseconds. */
const QUIET_MS = 50;
const BUSY_MS = 10;
/** Half a minute at the most. */
const LOOKS = 600;

/** Until what has come has been dealt with. */
async function quiet(): Promise<void> {
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const before = process.cpuUsage();
    await sleep(QUIET_MS);
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 < BUSY_MS) return;
  }
}
