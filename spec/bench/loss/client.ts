/**
 * The client process: 50 clients on one pool of keep-alive connections. Says 'enough' when the
 * requests are made, goes on until it is told to stop, and sends what became of all.
 */
import { once } from 'node:events';
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

const settings = JSON.parse(process.argv[2] ?? '') as ClientSettings;
const post: Post = await posts[settings.client](settings.port);
const failures: Record<string, number> = {};
let requests = 0;
const stop = new AbortController();

async function attempt(body: string): Promise<string | undefined> {
  try {
    const { status, text } = await post(body);
    if (status !== 200) return `status ${status}`;
    return text === body ? undefined : 'another body';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
}

async function callAgainAndAgain(): Promise<void> {
  while (!stop.signal.aborted) {
    await setTimeout(Math.random() * THINK_TIME);
    requests += 1;
    if (requests === settings.requests) process.send?.('enough');
    const failure = await attempt(JSON.stringify({ request: requests, text: 'hello' }));
    if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1;
  }
}

process.on('disconnect', () => process.exit(1));
const clients = Array.from({ length: CLIENTS }, callAgainAndAgain);
await once(process, 'message');
stop.abort();
await Promise.all(clients);
const tally: Tally = { requests, failures };
process.send?.(tally);
