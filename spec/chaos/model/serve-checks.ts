import type { ServeReport } from 'accept-loop';
import { assertReport } from '../../support/report.ts';
import type { FakeHandler } from './fake-handler.ts';
import type { FakeStream } from './fake-stream.ts';
import { expect } from './history.ts';
import type { ServeModel } from './serve-model.ts';
import type { ServeSetting } from './serve-scene.ts';

interface Case {
  readonly stream: FakeStream;
  readonly handlers: readonly FakeHandler[];
  readonly model: ServeModel;
  readonly setting: ServeSetting;
  readonly now: number;
}

/** How far a timer may be off: Node's have whole milliseconds, and the sweep looks twice. */
const SLACK_MS = 2;

/** Asserts that a connection is open as long as it has to be, and no longer. */
export function checkStream(one: Case): void {
  const { stream, model, now } = one;
  const fate = model.fates[stream.id];
  const isRefused = fate === 'shed' || fate === 'discarded' || fate === 'forced';
  if (isRefused) return expect(stream.destroyed, true, 'ended by force');
  if (fate === 'lost') return expect(stream.refusals, 0, 'refusals of one that has gone');
  if (isFailedPromise(one)) return expect(stream.destroyed, true, 'ended when its handler fails');
  const isAnswered = handlerOf(one) !== undefined && closeDue(one) < Infinity;
  if (isAnswered && stream.writableFinished && stream.hasEnded) {
    expect(stream.destroyed, true, 'ended when both sides are');
  }
  const { destruction } = stream;
  const due = closeDue(one);
  if (destruction?.by === 'library') {
    const soonest = Math.min(due, cutDue(one));
    const isInTime = destruction.at >= Math.min(soonest - SLACK_MS, model.forcedAt);
    expect(isInTime, true, 'ended too soon');
  }
  expect(!stream.destroyed && now > due + SLACK_MS, false, 'ended too late');
}

/** That of the connection, if it was handed to one. */
function handlerOf({ handlers, stream }: Case): FakeHandler | undefined {
  return handlers.find((handler) => handler.stream === stream);
}

function isFailedPromise(one: Case): boolean {
  const { model, stream } = one;
  return model.fates[stream.id] === 'failed' && handlerOf(one)?.outcome === 'rejected';
}

/** When the library has to end it, at the latest and at the soonest; never while it is in use. */
function closeDue(one: Case): number {
  const { stream, setting } = one;
  const handler = handlerOf(one);
  if (!handler) return Infinity;
  const { flush, linger } = setting;
  const { settledAt, manner } = handler;
  const isCallback = manner.style === 'callback';
  if (!isCallback && settledAt === Infinity) return Infinity;
  const begun = isCallback ? stream.finishedAt : Math.max(stream.finishedAt, settledAt);
  return begun === Infinity && !isCallback ? settledAt + flush : begun + linger;
}

/** Callback style: from when on it is cut, if what was written has not left. A sweep has to see it. */
function cutDue(one: Case): number {
  const { stream, setting } = one;
  const isCallback = handlerOf(one)?.manner.style === 'callback';
  return isCallback && stream.finishedAt === Infinity ? stream.endedAt + setting.flush : Infinity;
}

/** Asserts that a handler is told what it has to be, if it wants to know. */
export function checkSignals({ signals, stream, outcome }: FakeHandler, model: ServeModel): void {
  if (!signals || outcome) return;
  const { signal, draining } = signals;
  expect(draining.aborted, model.begun < Infinity, 'told of the shutdown');
  const isForced = model.fates[stream.id] === 'forced';
  const isGone = stream.closed && !stream.writableEnded;
  if (isForced || isGone) expect(signal.aborted, true, 'told that it has no point');
  else if (!stream.closed) expect(signal.aborted, false, 'told before it has no point');
  const { name } = (signal.reason ?? {}) as Error;
  if (isForced && !isGone && stream.destruction?.by === 'library') {
    expect(name, 'TimeoutError', 'the reason');
  }
}

type Counts = Omit<ServeReport, 'stragglers' | 'abandoned' | 'accepted' | 'shed'>;

/** Asserts that so many have come to each end. */
export function checkCounts(counts: Counts, model: ServeModel): void {
  for (const fate of ['completed', 'failed', 'forced', 'lost', 'discarded'] as const) {
    expect(counts[fate], model.count(fate), fate);
  }
}

/** Asserts that a report says what has happened; so many handlers had not settled. */
export function checkReport(report: ServeReport, model: ServeModel, unsettled: number): void {
  assertReport(report);
  checkCounts(report, model);
  const { abandoned, stragglers, forced, discarded } = report;
  expect(abandoned, unsettled, 'abandoned');
  expect(stragglers.length >= forced + discarded, true, 'stragglers');
  for (const { kind, remotePort } of stragglers) {
    expect(kind, 'connection', 'the kind of a straggler');
    expect((remotePort ?? 0) >= 10_000, true, 'the port of a straggler');
  }
}
