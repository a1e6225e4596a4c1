/**
 * The clients of docs/figures/drain.svg, in one process. It answers each line of its input:
 *
 * - `begin <port>`: all come but the newcomers and the late. Answered when each has what it needs: an
 *   idle connection, an answer under way.
 * - `queue`: the newcomers connect and ask. Answered when they are connected.
 * - `stopped`: those that wait for the stop go on.
 * - `quiet`: the busy ones ask no more.
 * - `lines`: answered with what each connection has seen, as JSON.
 *
 * Ends with its input.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemTime } from '../figures/drain/system-time.ts';
import { clients, type Kind, type Line } from '../figures/drain/types.ts';
import { get } from '../support/http-messages.ts';

const lines: Line[] = [];
const stop = new AbortController();
const quiet = new AbortController();
const stopped = once(stop.signal, 'abort');
let port = 0;

/** A connection, open until somebody closes it. One request at a time. */
class Connection {
  readonly connected: Promise<void>;
  isOpen = true;
  readonly #line: Line;
  readonly #socket: Socket;
  #text = '';
  #settle: (isAnswered: boolean) => void = () => {};

  constructor(kind: Kind, client: number) {
    const line: Line = { kind, client, begun: systemTime(), requests: [] };
    this.#line = line;
    lines.push(line);
    this.#socket = connect(port, '127.0.0.1').setEncoding('utf8');
    this.connected = new Promise((resolve) => this.#socket.once('connect', resolve));
    this.#socket.on('data', (text) => this.#read(String(text)));
    this.#socket.on('error', ({ code }: NodeJS.ErrnoException) => (line.code = code ?? ''));
    this.#socket.once('end', () => (this.isOpen = false));
    this.#socket.once('close', () => {
      line.ended = systemTime();
      this.isOpen = false;
      this.#settle(false);
    });
  }

  /** @returns Whether it was answered. */
  async ask(path: string): Promise<boolean> {
    const answered = new Promise<boolean>((resolve) => (this.#settle = resolve));
    await Promise.race([this.connected, answered]);
    if (!this.isOpen) return false;
    this.#line.requests.push({ sent: systemTime() });
    this.#socket.write(get(path));
    return answered;
  }

  #read(text: string): void {
    this.#text += text;
    if (!this.#text.endsWith('ok')) return;
    if (/^connection: close/im.test(this.#text)) this.isOpen = false;
    this.#text = '';
    const request = this.#line.requests.at(-1);
    if (request) request.answered = systemTime();
    this.#settle(true);
  }
}

/** Keeps its connection, and makes a new one when that is gone. */
class Client {
  readonly #kind: Kind;
  readonly #number: number;
  #connection: Connection | undefined;

  constructor(kind: Kind, number: number) {
    this.#kind = kind;
    this.#number = number;
  }

  /** Once it has asked. */
  get connected(): Promise<void> {
    return this.#connection?.connected ?? Promise.reject(new Error('It has not asked'));
  }

  /** @param milliseconds - After which it is to be answered; or `never`. */
  ask(milliseconds: number | 'never'): Promise<boolean> {
    if (!this.#connection?.isOpen) this.#connection = new Connection(this.#kind, this.#number);
    return this.#connection.ask(`/${milliseconds}`);
  }

  /** One request after the other, until it is not answered. */
  async work(): Promise<void> {
    while (!quiet.signal.aborted && (await this.ask(120))) await sleep(60);
  }

  /** Asks so many milliseconds after the stop. */
  async askLater(milliseconds: number): Promise<void> {
    await stopped;
    await sleep(milliseconds);
    await this.ask(0);
  }
}

function all(kind: Kind): Client[] {
  return Array.from({ length: clients[kind] }, (_, number) => new Client(kind, number));
}

async function begin(): Promise<void> {
  const [idle, again, slow, stuck] = [
    all('idle'),
    all('idle, asks again'),
    all('slow answer'),
    all('never answered'),
  ];
  await Promise.all([...idle, ...again].map((client) => client.ask(0)));
  for (const [at, client] of again.entries()) void client.askLater(250 + 200 * at);
  for (const client of all('comes late')) void client.askLater(350);
  for (const client of all('busy')) {
    void client.work();
    // Not all in step.
    await sleep(70);
  }
  for (const [at, client] of slow.entries()) void client.ask(700 + 600 * at);
  for (const client of stuck) void client.ask('never');
  await Promise.all([...slow, ...stuck].map(({ connected }) => connected));
}

async function queue(): Promise<void> {
  const newcomers = all('in accept queue');
  for (const client of newcomers) void client.ask(0);
  await Promise.all(newcomers.map(({ connected }) => connected));
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [command, word] = line.split(' ');
  if (command === 'begin') {
    port = Number(word);
    await begin();
  } else if (command === 'queue') await queue();
  else if (command === 'stopped') stop.abort();
  else if (command === 'quiet') quiet.abort();
  process.stdout.write(command === 'lines' ? `${JSON.stringify(lines)}\n` : 'done\n');
}
