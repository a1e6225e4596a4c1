import type { AcceptLoopStats, DrainReport, ServeReport, ServeStats } from 'accept-loop';
import type { Socket } from 'node:net';
import type { Arena } from './arena.ts';
import type { RoundPlan } from './plan.ts';

/** What has come of the server at its end. */
export interface Ending {
  readonly loop?: AcceptLoopStats;
  readonly serve?: { report: ServeReport; stats: ServeStats };
  readonly drain?: DrainReport;
}

/** A server that is run, one way or another, until it is stopped. */
export interface Running {
  readonly settled: Promise<Ending>;
  readonly stop: AbortController;
  // Other ways to stop it, where it has them.
  readonly stopSoftly?: () => void;
  readonly stopIn?: (grace: number) => void;
  readonly dispose?: () => void;
  /** Has a consumer of a loop leave it. */
  readonly leave?: (how: 'break' | 'throw' | 'return') => void;
}

/** Called first of all by each handler. */
export type OnCall = () => void;

/** A handler is called with a connection. What this throws, it throws. */
export function beginCall({ ledger, kind }: Arena, plan: RoundPlan, connection: unknown): void {
  ledger.calls += 1;
  if (plan.throwsEvery === 0 || ledger.calls % plan.throwsEvery > 0) return;
  const socket = Array.isArray(connection) ? connection[0].socket : connection;
  const port = (socket as Socket | null)?.remotePort;
  // Without one nobody knows whom it hits.
  if (port === undefined || kind.startsWith('h2')) return;
  ledger.thrownPorts.add(port);
  throw ledger.misbehave(`at once, to ${port}`);
}
