import { limits } from '../../support/limits.ts';
import { runtime } from '../../support/runtime.ts';
import { CLOCK_MS, type Evidence } from './evidence.ts';
import { isHttp2, isSecure, isPolite, isStream, isWebSocket, type RoundPlan } from './plan.ts';
import { isLimited } from './possible-kinds.ts';
import { judge } from './verdicts.ts';

/** What every round has to keep. Each tells what speaks against it. */
export const invariants: Readonly<Record<string, (evidence: Evidence) => string[]>> = {
  'it settles by its deadline': settles,
  'the counts add up': addsUp,
  'the counts of server and handlers agree': agrees,
  'every byte of an answer is right': isRight,
  'no polite client is lost': losesNobody,
  'what was refused was counted': countsRefusals,
  'nobody is forced while grace lasts': forcesLate,
  'who is calm needs no force': needsNoForce,
  'it ends when all are served': endsPromptly,
  'no client hangs': lets,
  'no connection is open after the end': leavesNoneOpen,
  'listeners are back': ({ leftListeners, abortListeners }) => [
    ...leftListeners,
    ...(abortListeners > 0 ? [`abort: ${abortListeners} after`] : []),
  ],
  'the listener is closed': ({ isListening }) => (isListening ? ['it still listens'] : []),
  'who asks late is told to go': tellsToGo,
  'the server closes once': ({ closes, plan: { kind } }) =>
    closes === 1 || (closes === 0 && kind === 'ws-port') ? [] : [`'close' came ${closes} times`],
  'what a handler throws is reported once': reportsErrors,
  'the clients keep their own house': ({ accounts }) =>
    accounts.flatMap(({ error }) => (error === undefined ? [] : [error])),
};

/** After grace, the time in which all has to be over, in milliseconds. */
const SETTLE_MS = 250;
/** The bound of the last call. */
const LAST_CALL_MS = 500;
/** Within which somebody's `close()` is noticed. */
const NOTICE_MS = 250;

/** What a busy client may take to read what is left, and to see its end, in milliseconds. */
const NOTICE_END_MS = 500;

function settles({ ending, times, plan }: Evidence): string[] {
  const { stoppedAt, begunAt, settledAt, deadline, late } = times;
  if (ending === undefined) return ['it never settled'];
  // What a loop waits for is its last call, and what is under way.
  const end = plan.way === 'loop' ? begunAt + LAST_CALL_MS : deadline;
  const over = settledAt - (end + SETTLE_MS + late);
  const texts = over > 0 ? [`settled ${over} ms after the bound, ${late} ms late`] : [];
  const slow = begunAt - stoppedAt - late - NOTICE_MS;
  return slow > CLOCK_MS && !plan.stop.way.includes('handler')
    ? [...texts, `began ${slow} ms too late`]
    : texts;
}

function addsUp({ ending, ledger, plan }: Evidence): string[] {
  const texts: string[] = [];
  const check = (name: string, left: number, right: number): void => {
    if (left !== right) texts.push(`${name}: ${left} and ${right}`);
  };
  if (ending?.serve) {
    const { report, stats } = ending.serve;
    const { accepted, completed, failed, shed, lost, discarded, forced, abandoned } = report;
    check('report', accepted, completed + failed + shed + lost + discarded + forced);
    check('stats', stats.accepted, accepted + stats.active + stats.queued);
    if (abandoned > forced) texts.push(`${abandoned} of ${forced} forced are abandoned`);
    const stragglers = report.stragglers.length;
    if (isStream(plan.kind) && stragglers < forced + discarded)
      texts.push(`${stragglers} stragglers`);
  }
  if (ending?.loop) {
    const { accepted, yielded, queued, shed, lost, discarded } = ending.loop;
    check('loop', accepted, yielded + queued + shed + lost + discarded);
    check('queued', queued, 0);
  }
  if (ending?.drain) check('drain', ending.drain.forced, ending.drain.stragglers.length);
  // Who leaves in the middle has not sent all.
  const corrupt = ledger.corrupt.filter((key) => {
    const visit = plan.visits[Number(key.split('-')[0])];
    return visit !== undefined && isPolite(visit);
  });
  if (corrupt.length > 0) texts.push(`uploads arrived wrong: ${corrupt.join()}`);
  return texts;
}

function agrees({ ending, ledger, plan }: Evidence): string[] {
  const counts = ending?.serve?.report ?? ending?.loop;
  if (counts === undefined) return [];
  const { accepted, shed, lost, discarded } = counts;
  const handed = accepted - shed - lost - discarded;
  const texts: string[] = [];
  if (handed !== ledger.calls) texts.push(`${handed} handed out, ${ledger.calls} handlers called`);
  // A handshake or a request that comes after the end is refused, and not counted.
  const isExact = plan.kind === 'net' || plan.kind === 'unix';
  if (isExact ? accepted !== ledger.brought : accepted > ledger.brought) {
    texts.push(`${accepted} accepted, ${ledger.brought} brought by the server`);
  }
  return texts;
}

function isRight({ accounts }: Evidence): string[] {
  return accounts.flatMap(({ wants }) =>
    wants.filter(({ outcome }) => outcome === 'wrong').map(({ key }) => `${key} is wrong`),
  );
}

function losesNobody(evidence: Evidence): string[] {
  return judge(evidence)
    .filter(({ verdict }) => verdict === 'LOST')
    .map(({ want, account, connection }) => {
      const how = connection ? `connection from ${connection.port}: ${connection.how}` : '';
      return `${want.key} (${want.action}) is lost: ${account.outcome}, ${how}`;
    });
}

/** Who was accepted and met no handler. */
function countsRefusals(evidence: Evidence): string[] {
  const { ending, plan } = evidence;
  const judged = judge(evidence);
  const count = (wanted: string): number =>
    judged.filter(({ verdict }) => verdict === wanted).length;
  const inQueue = judged.filter(({ verdict }) => verdict === 'refused in the queue');
  const refused = new Set(inQueue.map(({ connection }) => connection)).size;
  const unavailable = count('answered 503');
  const { shed = 0, discarded = 0, lost = 0 } = ending?.serve?.report ?? ending?.loop ?? {};
  const texts: string[] = [];
  if (refused > shed + discarded + lost) {
    texts.push(`${refused} were refused in the queue, ${shed + discarded + lost} counted`);
  }
  // After its end a loop answers so what still comes; a WebSocket server what comes while it closes.
  const isOpenEnded =
    plan.way === 'loop' || isWebSocket(plan.kind) || isLimited(limits.httpNewcomers);
  if (!isOpenEnded && unavailable > shed + discarded) {
    texts.push(`${unavailable} got 503, ${shed + discarded} counted`);
  }
  return texts;
}

function forcesLate({ ending, times }: Evidence): string[] {
  const report = ending?.serve?.report ?? ending?.drain;
  if (report === undefined || times.settledAt >= times.deadline - CLOCK_MS) return [];
  const texts: string[] = [];
  if ('discarded' in report && report.discarded > 0) texts.push(`${report.discarded} discarded`);
  if (ending?.serve && report.forced > 0) texts.push(`${report.forced} forced`);
  return texts;
}

function needsNoForce({ plan, ending, times }: Evidence): string[] {
  const report = ending?.serve?.report ?? ending?.drain;
  if (!plan.isCalm || report === undefined) return [];
  // A handshake has the bound of the last call.
  const stragglers = report.stragglers.filter(({ kind }) => kind !== 'handshake');
  if (stragglers.length === 0 && times.settledAt < times.deadline) return [];
  return [JSON.stringify(stragglers)];
}

function endsPromptly({ plan, accounts, times }: Evidence): string[] {
  if (!plan.isCalm || plan.way === 'loop') return [];
  const ends = accounts.flatMap(({ connections }) => connections.map(({ endedAt }) => endedAt));
  const lastCall = times.begunAt + Math.max(plan.idle, 100) + LAST_CALL_MS;
  const end = Math.max(lastCall, ...ends) + SETTLE_MS + times.late;
  return times.settledAt > end ? [`settled ${times.settledAt - end} ms too late`] : [];
}

function leavesNoneOpen({ plan, openAfter }: Evidence): string[] {
  // Of what came before the call, `drain` knows the number alone, but for HTTP/1.
  const isBlind = plan.kind.startsWith('http') && isLimited(limits.httpNewcomers);
  return openAfter > 0 && !hasStrangers(plan) && !isBlind ? [`${openAfter} are open`] : [];
}

function hasStrangers({ stop, isCalm, kind }: RoundPlan): boolean {
  return stop.way === 'late drain' && !isCalm && kind !== 'http';
}

function lets({ plan, accounts, ledger, times }: Evidence): string[] {
  if (hasStrangers(plan)) return [];
  return accounts
    .filter(({ index, hung, connections }) => {
      // Seen once in 618 rounds on Bun, of a server that had destroyed it: not reproduced by itself.
      const isSlow = plan.visits[index]?.style === 'slow' && isSecure(plan.kind);
      if (isSlow && runtime.name === 'bun') return false;
      // A session of Node's does not always notice that its connection has gone.
      const isHeld = connections.some(({ port }) => ledger.razedPorts.has(port));
      // Where time stood still, patience was over as soon as the owner had ended what was left.
      const isEnded = connections.some(({ endedAt }) => endedAt >= times.razedAt + NOTICE_END_MS);
      return hung && isEnded && (isHeld || !isHttp2(plan.kind));
    })
    .map(({ index }) => `client ${index} hangs`);
}

/** Once the listener is closed, each answer of HTTP/1 is the last one of its connection. */
function tellsToGo({ plan, accounts, ledger, times }: Evidence): string[] {
  if (!plan.kind.startsWith('http') || plan.stop.way === 'close') return [];
  if (isLimited(limits.requestAfterClose)) return [];
  // Who was not known then outlives what ends the others.
  const isBlind = isLimited(limits.httpNewcomers) || hasStrangers(plan);
  const end = isBlind ? Math.min(times.settledAt, times.deadline) : Infinity;
  return accounts.flatMap(({ index, wants }) => {
    // Of several that came together it is the last one that tells.
    if (plan.visits[index]?.style === 'pipelines') return [];
    return wants
      .filter(({ key, outcome, saysClose }) => {
        const handledAt = ledger.entries.get(key)?.handledAt ?? 0;
        const isLate = handledAt > times.closedAt + CLOCK_MS && handledAt < end;
        return outcome === 'whole' && isLate && !saysClose;
      })
      .filter(({ key }) => !isUpgrade(plan, key))
      .map(({ key }) => `${key} was answered without`);
  });
}

function isUpgrade({ visits }: RoundPlan, key: string): boolean {
  const wants = visits.flatMap((visit) => visit.wants);
  return wants.some((want) => want.key === key && want.action === 'upgrade');
}

function reportsErrors({ plan, ledger, times }: Evidence): string[] {
  if (plan.way !== 'serve') return [];
  const texts: string[] = [];
  const reported = new Set(ledger.reported);
  if (reported.size < ledger.reported.length) texts.push('one was reported twice');
  for (const [error, at] of ledger.thrown) {
    const isLate = plan.isCallback || at >= times.settledAt - CLOCK_MS;
    if (!isLate && !reported.has(error)) texts.push(`${error.message} was not reported`);
  }
  for (const error of reported) {
    const isOurs = (ledger.thrown as Map<unknown, number>).has(error);
    if (!isOurs) texts.push(`not thrown by a handler: ${(error as Error)?.stack ?? String(error)}`);
  }
  return texts;
}
