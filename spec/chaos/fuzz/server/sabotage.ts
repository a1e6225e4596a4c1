import { stall } from '../../../support/turns.ts';
import type { Running } from './running.ts';
import type { Scene } from './scene.ts';

/** Faults that are put in on purpose: whoever judges has to see each of them. */
export const sabotages = [
  'throws',
  'throws late',
  'rejects',
  'miscounts a look',
  'miscounts the end',
  'leaves a socket open',
  'leaves a listener',
  'ends late',
  'never ends',
  'warns',
  'burns',
  'stands still',
  'exits',
] as const;

export type Sabotage = (typeof sabotages)[number];

/** Milliseconds: later than any allowance, and longer than anybody waits. */
const LATE_MS = 1000;
const STILL_MS = 60_000;
/** Of processor time for each client: while a machine is busy elsewhere, nothing is burnt. */
const BURN_MS = 20;

function burn(milliseconds: number): void {
  const begun = process.cpuUsage();
  let spent = 0;
  while (spent < milliseconds * 1000) {
    const { user, system } = process.cpuUsage(begun);
    spent = user + system;
  }
}

const fail = (): void => {
  throw new Error('Sabotage');
};

const later = (action: () => void): void => void setTimeout(action, 10);

/** Breaks a round, in the process of its server. */
export function sabotage(fault: Sabotage | undefined, scene: Scene, running: Running): Running {
  if (fault === 'throws') later(fail);
  if (fault === 'throws late') void running.settled.then(() => setTimeout(fail, LATE_MS));
  if (fault === 'rejects') later(() => void Promise.reject(new Error('Sabotage')));
  if (fault === 'leaves a listener') scene.subject.on('connection', () => {});
  if (fault === 'leaves a socket open') leaveOpen(scene);
  if (fault === 'warns')
    later(() => process.emitWarning('Sabotage', 'MaxListenersExceededWarning'));
  if (fault === 'stands still') later(() => stall(STILL_MS));
  // oxlint-disable-next-line unicorn/no-process-exit -- What a server's process may come to.
  if (fault === 'exits') later(() => process.exit(7));
  if (fault === 'burns') scene.listener?.on('connection', () => burn(BURN_MS));
  const { look, settled } = running;
  return {
    ...running,
    look: () => (fault === 'miscounts a look' ? '1 accepted of 2' : look()),
    settled: settled.then(async (ending) => {
      if (fault === 'never ends') return await new Promise(() => {});
      if (fault === 'ends late') await new Promise((resolve) => setTimeout(resolve, LATE_MS));
      if (fault !== 'miscounts the end' || ending.serve === undefined) return ending;
      const { report, stats } = ending.serve;
      return { serve: { stats, report: { ...report, accepted: report.accepted + 1 } } };
    }),
  };
}

/** One of its sockets cannot be ended any more. */
function leaveOpen({ listener }: Scene): void {
  listener?.once('connection', (socket) => {
    socket.destroy = () => socket;
    socket.end = () => socket;
    socket.resetAndDestroy = () => socket;
  });
}
