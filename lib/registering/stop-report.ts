import { print } from '../primitives/standard-error.ts';
import type { DrainReport, Straggler } from '../reports.ts';
import type { ReportFormat } from './settings.ts';

/** How many stragglers the text lists at most. The JSON has all of them. */
const MOST_NAMED = 10;

/** How the stop of one server has ended. */
export interface ServerReport {
  /** `'http'`, `'net'` and so on. */
  readonly name: string;
  /** `'127.0.0.1:8000'`, or the path of a socket. */
  readonly address: string | undefined;
  /** `undefined` if the process ended before the server was drained. */
  readonly report: DrainReport | undefined;
}

/** The stop of a process, as it is known when the process ends. */
export interface StopReport {
  /** What has started the stop: `'SIGTERM was received'`. */
  readonly reason: string;
  /** Milliseconds from that moment to the end of the process. */
  readonly duration: number;
  readonly servers: readonly ServerReport[];
  /** How many workers of the cluster were told. */
  readonly workers: number;
  /**
   * The resources that kept the process alive when grace was over and it had to be ended, by Node's
   * names. `undefined` if it ended otherwise.
   */
  readonly heldBy: readonly string[] | undefined;
  readonly exitCode: number;
}

/** A stop that is left to the program, because the program listens for the signal. */
export interface LeftReport {
  readonly reason: string;
  readonly otherListeners: number;
}

/** Writes a report to standard error, at once: the process may be about to end. */
export function writeReport(format: ReportFormat, report: StopReport | LeftReport): void {
  if (format === 'off') return;
  print(format === 'json' ? JSON.stringify(flat(report)) : textOf(report));
}

function flat(report: StopReport | LeftReport): object {
  if ('otherListeners' in report) return report;
  const servers = report.servers.map(({ name, address, report: counts }) => ({
    name,
    address,
    isDrained: counts !== undefined,
    ...counts,
  }));
  return { ...report, servers };
}

function textOf(report: StopReport | LeftReport): string {
  const lines =
    'otherListeners' in report ? [`${report.reason}: ${leftTo(report)}`] : linesOf(report);
  return lines.map((line) => `accept-loop: ${line}`).join('\n');
}

function leftTo({ otherListeners: count }: LeftReport): string {
  const listeners = count === 1 ? 'another listener' : `${count} other listeners`;
  return `left to ${listeners} of the program, so nothing is drained`;
}

function linesOf({ reason, duration, servers, workers, heldBy, exitCode }: StopReport): string[] {
  const lines = [`${reason}: exit code ${exitCode} after ${seconds(duration)}`];
  for (const { name, address = '', report } of servers)
    lines.push(serverLine(name, address, report));
  const stragglers = servers.flatMap(({ report }) => report?.stragglers ?? []);
  lines.push(...stragglers.slice(0, MOST_NAMED).map(stragglerLine));
  if (stragglers.length > MOST_NAMED) lines.push(`forced: ${stragglers.length - MOST_NAMED} more`);
  if (workers > 0) lines.push(`workers of the cluster that were told: ${workers}`);
  if (heldBy) lines.push(`ended when grace was over, held by ${countsOf(heldBy)}`);
  return lines;
}

function serverLine(name: string, address: string, report: DrainReport | undefined): string {
  const server = `${name} ${address}`.trim();
  if (!report) return `${server}: not drained, because the process ended first`;
  return `${server}: ${report.finished} finished, ${report.forced} forced`;
}

function stragglerLine({ kind, remoteAddress, remotePort, age, method, url }: Straggler): string {
  const client = remoteAddress === undefined ? '' : ` of ${addressText(remoteAddress, remotePort)}`;
  const request = method === undefined ? '' : `, ${method} ${url ?? ''}`;
  return `forced: ${kind}${client}${request}, ${seconds(age)} old`;
}

/** Joins an address and a port. An IPv6 address is put in brackets. */
export function addressText(host: string, port: number | undefined): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function countsOf(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const texts = [...counts].map(([name, count]) => `${count} ${name}`);
  return texts.length === 0 ? 'nothing that Node names' : texts.join(', ');
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
