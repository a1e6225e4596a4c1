import { limits } from '../../../support/limits.ts';
import { isLimited } from '../../storm/possible-kinds.ts';
import { againstDrain, againstLoop, againstReport, againstStats } from '../counts.ts';
import { isSecure, type Plan } from '../plan.ts';
import type { Evidence } from '../server/evidence.ts';

type Against = (evidence: Evidence, plan: Plan) => readonly (string | undefined)[];

/** What two readings of the clock may differ by, in milliseconds. */
const CLOCK_MS = 5;

/** What every round has to keep. Each tells what speaks against it. */
const laws: Readonly<Record<string, Against>> = {
  'it is over by its deadline': ({ ending, overdue, late }) => {
    if (ending === undefined) return ['it never settled'];
    return [
      overdue > CLOCK_MS ? `${Math.round(overdue)} ms overdue, beside ${late} late` : undefined,
    ];
  },
  'it never rejects': ({ ending }) => [ending?.rejected],
  'the counts add up at every look': ({ badLooks }) => badLooks,
  'the counts add up at the end': ({ ending }) => [
    ending?.serve && againstReport(ending.serve.report),
    ending?.serve && againstStats(ending.serve.stats),
    ending?.loop && againstLoop(ending.loop),
    ending?.drain && againstDrain(ending.drain),
  ],
  'nothing is open at the end': ({ openAfter, open }, plan) => [
    openAfter > 0 && !hasStrangers(plan) ? `${openAfter}: ${open.join('; ')}` : undefined,
  ],
  'the listener is closed': ({ isListening }, { kind, way }) => [
    // That of the HTTP server that a WebSocket server is attached to is its owner's.
    isListening && !(kind.startsWith('ws') && way !== 'drain') ? 'it listens' : undefined,
  ],
  'the server closes once': ({ closes, closesBefore }, plan) => {
    const { kind, way } = plan;
    const isOurs = way === 'drain' || (way === 'serve' && !kind.startsWith('ws'));
    const isSilent = kind === 'ws-port' && isLimited(limits.standaloneSockets);
    if (isOurs && !isSilent && !hasStrangers(plan) && closesBefore === 0)
      return ["it has not said 'close'"];
    // Of a server that its owner has closed before the call nothing tells that it has said so, and
    // by Node's own close() it says so again.
    const most = plan.stop.way === 'late' ? 2 : 1;
    return [closes > most ? `'close' came ${closes} times` : undefined];
  },
  'listeners are back': ({ leftListeners, abortListeners, closes }, { way }) => [
    // What refuses those that come after a loop's end stays until the server has closed.
    ...(way === 'loop' && closes === 0 ? [] : leftListeners),
    abortListeners > 0 ? `abort: ${abortListeners}` : undefined,
  ],
  'nothing strange is told': ({ strange }) => strange,
};

/** Of what came before the call, `drain` can only wait for what is not HTTP/1, or not any more. */
function hasStrangers({ kind, stop, handled, event, owner }: Plan): boolean {
  const isHttp = kind.startsWith('http') && !isSecure(kind);
  const leaves = [...handled, event, owner?.event].some(
    (name) => name === 'upgrade' || name === 'connect',
  );
  return stop.way === 'late' && (!isHttp || leaves);
}

/** Judges a round. */
export function violationsOf(evidence: Evidence, plan: Plan): string[] {
  return Object.entries(laws).flatMap(([law, against]) => {
    const texts = against(evidence, plan).filter((text) => text !== undefined);
    return texts.length > 0 ? [`${law}: ${texts.join(', ')}`] : [];
  });
}
