import { abortListeners } from '../../../support/listeners.ts';
import { now, sleep } from '../../storm/clock.ts';
import type { Lateness } from '../../storm/lateness.ts';
import { familyOf, type Plan } from '../plan.ts';
import { Aftermath } from './aftermath.ts';
import { Calls } from './calls.ts';
import type { Evidence } from './evidence.ts';
import { measure, quiet } from './meter.ts';
import { nothing } from './occasion.ts';
import { standGuard } from './owner.ts';
import { eventOf, runners } from './run.ts';
import { sabotage, type Sabotage } from './sabotage.ts';
import { openScene, type Scene } from './scene.ts';
import { stop, stopInside, timeFor } from './stop.ts';
import { endOf, Watch } from './watch.ts';

/** How long the first client is waited for, in milliseconds: the clients' process may be busy. */
const ARRIVAL_MS = 1000;
/** Of what is strange so much is told. */
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
  const calls = new Calls(plan);
  const strange: string[] = [];
  const tell = (text: string): void => void strange.push(text);
  prepare(scene, plan, calls);
  const aftermath = new Aftermath(scene, plan);
  const running = sabotage(fault, scene, runners[plan.way](scene, plan, calls, tell));
  let stopNow = nothing;
  const told = new Promise<void>((resolve) => (stopNow = resolve));

  const run = async (): Promise<Evidence> => {
    const watch = new Watch(running);
    const cost = measure(scene);
    let stoppedAt = 0;
    let isInside = false;
    let stopping: Promise<void> | undefined;
    calls.stop = (how) => {
      if (stoppedAt > 0) return;
      stoppedAt = now();
      isInside = true;
      stopInside(how, scene, plan, running);
      stopNow();
    };
    await Promise.race([scene.arrival, sleep(ARRIVAL_MS)]);
    await (plan.stop.at === null ? told.then(quiet) : Promise.race([told, sleep(plan.stop.at)]));
    const spent = cost();
    if (stoppedAt === 0) {
      stoppedAt = now();
      stopping = stop(scene, plan, running);
    }
    const end = await endOf(running, lateness, stoppedAt, timeFor(plan, isInside));
    await stopping;
    watch.stop();
    const left = await aftermath.end();
    calls.over.abort();
    return {
      ...end,
      ...left,
      ...spent,
      badLooks: watch.badLooks,
      abortListeners: abortListeners(running.stop.signal),
      strange: strange.slice(0, TOLD),
      calls: calls.count,
    };
  };
  return { where: scene.where, run, stop: () => stopNow(), tell };
}

/** All that its owner does before us. */
function prepare(scene: Scene, plan: Plan, calls: Calls): void {
  const { subject, listener } = scene;
  // The first one has an HTTP/2 server put a listener of its own in the place of another.
  if (familyOf(plan.kind) === 'http2') subject.on('request', nothing).off('request', nothing);
  standGuard(scene, plan, calls);
  for (const event of plan.handled) calls.listen(listener ?? subject, event);
  if (plan.way === 'drain' || plan.way === 'bare') calls.listen(subject, eventOf(plan));
}
