import type { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { PRINTED_CONNECTIONS, PROGRESS_MS } from '../bounds.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { after } from '../primitives/after.ts';
import { attempt } from '../primitives/attempt.ts';
import { debug, isDebugged } from '../primitives/debug.ts';
import { attemptOf } from '../primitives/hear.ts';
import { unref } from '../primitives/timers.ts';
import type { OpenConnection } from '../reports.ts';
import type { OpenList, OpenSummary } from './open-list.ts';

const inLine = { breakLength: Infinity, depth: 0 };

/** A shutdown that begins. */
interface Stop {
  readonly reason: unknown;
  /** Milliseconds that idle connections have. */
  readonly idle: number;
  /** Lists the connections that are open now. */
  readonly open: () => OpenList;
}

/** A server with Node's method `address()`, or without one. */
interface Addressable {
  address?(): AddressInfo | string | null;
}

/**
 * Reports the progress of one shutdown: to subscribers of `accept-loop:progress`, and on stderr
 * with `NODE_DEBUG=accept-loop`. It does not keep the process alive.
 */
export class Progress {
  readonly #title: string;
  readonly #diagnostics: Diagnostics;
  readonly #open: () => OpenList;
  readonly #begun = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #idleTimer: NodeJS.Timeout | undefined;

  /**
   * @param name - The kind of the server, for stderr.
   * @returns `undefined` if there is no subscriber now and nothing is printed. Then no timer runs.
   */
  static begin(
    server: EventEmitter,
    name: string,
    diagnostics: Diagnostics,
    stop: Stop,
  ): Progress | undefined {
    if (!isDebugged() && !diagnostics.isProgressHeard) return undefined;
    const title = isDebugged() ? `${name} ${addressOf(server)}` : name;
    return new Progress(title, diagnostics, stop);
  }

  private constructor(title: string, diagnostics: Diagnostics, stop: Stop) {
    this.#title = title;
    this.#diagnostics = diagnostics;
    this.#open = stop.open;
    this.#timer = setInterval(() => this.#tell(), PROGRESS_MS);
    unref(this.#timer);
    if (!isDebugged()) return;
    this.#print(`the last call begins: ${attempt(() => String(stop.reason))}`);
    this.#idleTimer = after(stop.idle, () => this.#printStage('idle is over'));
    unref(this.#idleTimer);
  }

  /** From now on each connection is told to go. */
  onListenerClosed(): void {
    this.#printStage('the listener is closed');
  }

  /** From now on what is left is ended by force. */
  onGraceOver(): void {
    this.#printStage('grace is over');
  }

  onOver(report: object): void {
    clearInterval(this.#timer);
    clearTimeout(this.#idleTimer);
    if (isDebugged()) this.#print(`it is over: ${inspect(report, inLine)}`);
  }

  get #duration(): number {
    return performance.now() - this.#begun;
  }

  #tell(): void {
    const list = this.#open();
    if (this.#diagnostics.isProgressHeard) {
      this.#diagnostics.progress({ duration: this.#duration, ...list.summary() });
    }
    if (!isDebugged()) return;
    this.#print(`waits for ${count(list.summary())}`);
    for (const each of list.oldest(PRINTED_CONNECTIONS)) this.#print(`  ${show(each)}`);
    const others = list.size - PRINTED_CONNECTIONS;
    if (others > 0) this.#print(`  and ${others} more`);
  }

  #printStage(stage: string): void {
    if (isDebugged()) this.#print(`${stage}, ${count(this.#open().summary())}`);
  }

  #print(what: string): void {
    debug('%s, %d ms: %s', this.#title, Math.round(this.#duration), what);
  }
}

/** For example `3 open: 2 running, 1 idle`. */
function count({ states }: OpenSummary): string {
  const all = Object.entries(states);
  const total = all.reduce((sum, [, size]) => sum + size, 0);
  if (total === 0) return '0 open';
  return `${total} open: ${all.map(([state, size]) => `${size} ${state}`).join(', ')}`;
}

/** For example `running request of 10.0.0.7:51442, GET /report, 10214 ms old`. */
function show(connection: OpenConnection): string {
  const { state, kind, remoteAddress, remotePort, method, url, age } = connection;
  const client =
    remoteAddress === undefined ? 'an unknown client' : `${remoteAddress}:${remotePort}`;
  const request = method === undefined ? '' : `, ${method} ${url}`;
  return `${state} ${kind} of ${client}${request}, ${Math.round(age)} ms old`;
}

function addressOf(server: Addressable & EventEmitter): string {
  const address = attemptOf(server, 'address', () => server.address?.());
  if (!address) return 'without an address';
  return typeof address === 'string' ? address : `${address.address}:${address.port}`;
}
