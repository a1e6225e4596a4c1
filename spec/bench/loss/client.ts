/**
 * A client process: 50 clients on one pool of keep-alive connections. Told its settings, as JSON on a
 * line of its input, it says `enough` when the requests are made, and goes on; told `stop`, it
 * prints what became of all, as a line of JSON. Ends with its input.
 */
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { type Post, posts } from './posts.ts';
import type { ClientName, Tally } from './types.ts';

export interface ClientSettings {
  readonly client: ClientName;
  readonly port: number;
  readonly requests: number;
}

const CLIENTS = 50;

/** The longest pause of a client between two requests, in ms. */
const THINK_TIME = 20;

const failures: Record<string, number> = {};
let requests = 0;
const stop = new AbortController();

async function attempt(post: Post, body: string): Promise<string | undefined> {
  try {
    const { status, text } = await post(body);
    if (status !== 200) return `status ${status}`;
    return text === body ? undefined : 'another body';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
}

async function callAgainAndAgain(post: Post, enough: number): Promise<void> {
  while (!stop.signal.aborted) {
    await setTimeout(Math.random() * THINK_TIME);
    requests += 1;
    if (requests === enough) process.stdout.write('enough\n');
    const failure = await attempt(post, JSON.stringify({ request: requests, text: 'hello' }));
    if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1;
  }
}

let clients: readonly Promise<void>[] = [];
process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  if (line === 'stop') {
    stop.abort();
    await Promise.all(clients);
    const tally: Tally = { requests, failures };
    process.stdout.write(`${JSON.stringify(tally)}\n`);
  } else {
    const settings = JSON.parse(line) as ClientSettings;
    const post = await posts[settings.client](settings.port);
    clients = Array.from({ length: CLIENTS }, () => callAgainAndAgain(post, settings.requests));
  }
}
stop.abort();
