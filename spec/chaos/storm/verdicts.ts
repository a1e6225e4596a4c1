import { limits } from '../../support/limits.ts';
import type { ConnectionAccount, VisitAccount, WantAccount } from './account.ts';
import { CLOCK_MS, type Evidence, firstRefusal } from './evidence.ts';
import {
  hasPorts,
  isHttp2,
  isPolite,
  isSecure,
  isSound,
  isStream,
  isWebSocket,
  type Want,
} from './plan.ts';
import { isLimited } from './possible-kinds.ts';
import { hasLastCall } from './stop-round.ts';

/** Why a polite client need not have got its answer; or that it should have. */
type Verdict =
  | 'served'
  | 'refused'
  | 'never accepted'
  | 'refused in the queue'
  | 'answered 503'
  | 'ended by force'
  | 'handler misbehaved'
  | 'behind the last answer'
  | 'rested too long'
  | 'shook hands too long'
  | 'cut by a short linger'
  | 'safe to retry'
  | 'not asked'
  | 'LOST';

export interface Judged {
  readonly want: Want;
  readonly account: WantAccount;
  readonly connection: ConnectionAccount | undefined;
  readonly verdict: Verdict;
}

/** Judges each request of a polite client that was meant to be answered. */
export function judge(evidence: Evidence): Judged[] {
  const { plan, accounts } = evidence;
  return accounts.flatMap((visit) => {
    const planned = plan.visits[visit.index];
    if (planned === undefined || !isPolite(planned)) return [];
    return planned.wants.flatMap((want, number) => {
      const account = visit.wants[number];
      if (account === undefined || !isSound(want, plan.kind)) return [];
      const connection = visit.connections.at(account.connection);
      const verdict = verdictOn({
        evidence,
        want,
        visit,
        account,
        connection,
        wants: planned.wants,
      });
      return [{ want, account, connection, verdict }];
    });
  });
}

/** The bound of the last call, and of handshakes. */
const LAST_CALL_MS = 500;

/** Enough for a client that talks on while it is answered. */
const LONG_LINGER_MS = 1000;

/** What a client may be late that asks within the idle time. */
const IDLE_MARGIN_MS = 50;

interface Case {
  readonly evidence: Evidence;
  readonly want: Want;
  readonly visit: VisitAccount;
  readonly account: WantAccount;
  readonly connection: ConnectionAccount | undefined;
  readonly wants: readonly Want[];
}

function verdictOn(judged: Case): Verdict {
  const { evidence, account, connection, want } = judged;
  const { times, ledger } = evidence;
  if (account.outcome === 'whole') return 'served';
  const first = firstRefusal(times);
  const isOver = (connection?.endedAt || account.endedAt) >= first;
  if (account.outcome === 'refused') return isOver ? 'refused' : 'LOST';
  if (isForced(judged)) return 'ended by force';
  if (isSpoilt(judged)) return 'handler misbehaved';
  if (account.isAfterLast) return 'behind the last answer';
  if (isCutShort(judged, isOver)) return 'behind the last answer';
  if (!ledger.entries.has(want.key)) return verdictOnUnhandled(judged, first);
  const { plan } = evidence;
  if (isStream(plan.kind) && hasTalkedOn(judged)) return 'cut by a short linger';
  const isClosed = account.outcome === 'retry' && plan.way === 'drain';
  return isClosed && isWebSocket(plan.kind) ? 'safe to retry' : 'LOST';
}

/** Whether a client still sent when the server had heard enough of it. */
function hasTalkedOn({ evidence: { ledger, plan }, want, account }: Case): boolean {
  if (plan.way !== 'serve' || want.upload === 0) return false;
  const { answeredAt = Infinity } = ledger.entries.get(want.key) ?? {};
  return plan.linger < LONG_LINGER_MS || account.askedAt - answeredAt >= plan.linger - CLOCK_MS;
}

/** A request behind the answer that was under way when the listener was closed. */
function isCutShort({ evidence: { plan }, visit, account }: Case, isOver: boolean): boolean {
  const isFirst =
    visit.wants.find(({ connection }) => connection === account.connection) === account;
  const isHttp1 = plan.kind.startsWith('http');
  return isHttp1 && isOver && !isFirst && isLimited(limits.requestAfterClose);
}

function isRefusal(connection: ConnectionAccount | undefined): boolean {
  return ['ECONNREFUSED', 'ENOENT'].includes(connection?.how ?? '');
}

/** Whether its connection was ended when grace was over. */
function isForced({ evidence: { times, plan }, account, connection }: Case): boolean {
  const over = plan.way === 'loop' ? times.razedAt : Math.min(times.deadline, times.razedAt);
  const endedAt = connection?.endedAt || account.endedAt;
  return endedAt >= over - CLOCK_MS;
}

/** Whether a handler that misbehaved has taken its connection down. */
function isSpoilt({ evidence, account, connection, visit, wants }: Case): boolean {
  const { ledger, plan } = evidence;
  if (connection && ledger.thrownPorts.has(connection.port)) return true;
  return wants.some((other, number) => {
    const isTogether = visit.wants[number]?.connection === account.connection;
    if (isHttp2(plan.kind)) return isTogether && isConfusing(other, ledger);
    return !isSound(other, plan.kind) && (isTogether || account.outcome === 'unsent');
  });
}

/** Whether it has made the runtime send what is no HTTP/2: all of its session goes down with it. */
function isConfusing({ action, key }: Want, ledger: Evidence['ledger']): boolean {
  return action === 'destroy' && ledger.entries.has(key) && isLimited(limits.unansweredStreams);
}

function verdictOnUnhandled(judged: Case, first: number): Verdict {
  const { evidence, account, connection, visit } = judged;
  const { plan, ledger, times } = evidence;
  const { kind, way, idle } = plan;
  const { outcome } = account;
  if (outcome === 'unavailable') return 'answered 503';
  if (isCutUpload(judged)) return 'answered 503';
  const isOver = (connection?.endedAt || account.endedAt) >= first;
  if (outcome === 'retry' && isOver) return 'safe to retry';
  const last = visit.connections.at(-1);
  // A request before it was refused.
  if (account.connection < 0 && isRefusal(last)) {
    return (last?.endedAt ?? 0) >= first ? 'not asked' : 'LOST';
  }
  if (connection === undefined) return 'LOST';
  const { port, connectedAt, endedAt } = connection;
  // Who was reset before it had noticed that it was connected cannot say when, or from where.
  const isSeen = hasPorts(kind) && port !== 0 ? ledger.ports.has(port) : undefined;
  const isLate = connectedAt === 0 ? isOver : connectedAt >= first;
  // Deno may have accepted it in the last call, and read nothing of it when it closed.
  const isUnread = isSeen !== true || (kind.startsWith('http') && connectedAt >= times.begunAt);
  if (isUnread && isOver && isLimited(limits.exactLastCall)) return 'never accepted';
  if (isSeen !== true && (isLate || endedAt >= boundOf(evidence) || (!hasLastCall(plan) && isOver)))
    return 'never accepted';
  const isSecured = ledger.securePorts.has(port);
  if (isSecure(kind) && endedAt >= boundOf(evidence) && !isSecured) return 'shook hands too long';
  if (isStream(kind)) return isSeen === false ? 'LOST' : 'refused in the queue';
  if (isWebSocket(kind)) return isOver ? 'not asked' : 'refused in the queue';
  // Its owner's own close() ends what is idle, whatever crosses it.
  const isLeft = way === 'loop' || plan.stop.way === 'close';
  const hasRested = restOf(judged) > idle - IDLE_MARGIN_MS;
  return isOver && (isLeft || hasRested || isEndedByClose(judged)) ? 'rested too long' : 'LOST';
}

/** Whether a refusal met a request that was still arriving, and was lost with the connection. */
function isCutUpload({ evidence: { plan }, want, connection }: Case): boolean {
  if (!plan.kind.startsWith('http') || want.upload === 0) return false;
  return isLimited(limits.endOfEarlyAnsweredUpload) && connection?.how === 'EPIPE';
}

/** Of the last call: what is not a connection by then is none. Who leaves a loop has no last call. */
function boundOf({ plan, times }: Evidence): number {
  const isLeaving =
    plan.way === 'loop' && ['return', 'break', 'throw', 'dispose'].includes(plan.stop.way);
  return times.begunAt + (isLeaving ? 0 : LAST_CALL_MS) - CLOCK_MS;
}

/** Whether the runtime ended it as idle when the listener was closed, or behind its answer later. */
function isEndedByClose({ evidence: { times, plan }, connection }: Case): boolean {
  if (!plan.kind.startsWith('http') || !isLimited(limits.idleAfterClose)) return false;
  return (connection?.endedAt ?? 0) >= times.begunAt + plan.idle - CLOCK_MS;
}

/** How long its connection had rested in the shutdown, as the server saw it. */
function restOf({ evidence, account, visit }: Case): number {
  const { ledger, times } = evidence;
  const before = visit.wants.filter(
    ({ connection, askedAt }) => connection === account.connection && askedAt < account.askedAt,
  );
  const answers = before.map(({ key }) => ledger.entries.get(key)?.answeredAt ?? 0);
  return account.askedAt - Math.max(times.begunAt, ...answers);
}
