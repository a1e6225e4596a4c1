/** Shows the stop of the echo server on a terminal: a live line while it waits, and the report. */
// oxlint-disable no-console -- it writes to the terminal
import { logUpdateStderr } from 'log-update';
import type { OpenConnection, ServeReport, Serving } from 'accept-loop';

// The server goes on if nobody reads what it says: its terminal or its pipe may have been closed.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

/** Whether there is room for a live line: some terminals have no columns. */
const isLive = process.stderr.isTTY && process.stderr.columns > 0;

/**
 * Shows which connections the stop waits for, until it is over. Without a terminal on stderr, prints a
 * line each second.
 */
export async function showStop(serving: Serving): Promise<void> {
  const show = isLive ? logUpdateStderr : console.error;
  const timer = setInterval(() => show(waitingFor(serving.open())), isLive ? 100 : 1000);
  try {
    await serving.finished;
  } finally {
    clearInterval(timer);
    if (isLive) logUpdateStderr.clear();
  }
}

/** Prints a line above the live line. */
export function print(line: string): void {
  if (isLive) logUpdateStderr.clear();
  console.log(line);
}

/** `waits for 2 connections, the oldest from 10.0.0.7:51442: running, 12.3 s` */
function waitingFor(open: OpenConnection[]): string {
  const [oldest] = open.toSorted((one, other) => other.age - one.age);
  if (oldest === undefined) return 'waits for nobody any more';
  const { remoteAddress, remotePort, state, age } = oldest;
  const many = open.length === 1 ? '1 connection' : `${open.length} connections`;
  return `waits for ${many}, the oldest from ${remoteAddress}:${remotePort}: ${state}, ${seconds(age)}`;
}

/** Describes the report in a few lines. Counts that are zero are left out. */
export function describeReport({ accepted, stragglers, ...counts }: ServeReport): string {
  const happened = Object.entries(counts).filter(([, count]) => count > 0);
  const sum = [`${accepted} accepted`, ...happened.map(([what, count]) => `${count} ${what}`)];
  const forced = stragglers.map(
    ({ kind, remoteAddress, remotePort, age }) =>
      `  cut off: ${remoteAddress}:${remotePort}, a ${kind} of ${seconds(age)}`,
  );
  return [sum.join(', '), ...forced].join('\n');
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
