import { type Limit, limits } from '../support/limits.ts';
import { denoListen } from './implementations/deno.ts';
import { eventsOn } from './implementations/events-on.ts';
import type { Implementation } from './implementation.ts';
import { netServer } from './implementations/net-server.ts';
import { ourAcceptLoop } from './implementations/accept-loop.ts';
import { ourDrain } from './implementations/drain.ts';
import { ourServe } from './implementations/serve.ts';

/** What is known of one behaviour and one implementation, where it does not simply hold. */
interface Entry {
  /** What happens instead: the message of the assertion. */
  readonly fails?: string;
  /** The runtimes, by label, on which it fails. Default: each. */
  readonly on?: readonly string[];
  /** What the runtime cannot do, whatever the implementation does. */
  readonly cannot?: Limit;
}

export interface Known {
  readonly implementation: Implementation;
  /** By the number of the behaviour. */
  readonly entries: Readonly<Record<number, Entry>>;
}

/** What conforms, and what does not: the spec shows each of it, the page tells of it. */
export const record: readonly Known[] = [
  { implementation: ourAcceptLoop, entries: { 12: { cannot: limits.exactLastCall } } },
  {
    implementation: ourServe,
    entries: {
      12: { cannot: limits.exactLastCall },
      21: { cannot: limits.httpNewcomers },
      22: { cannot: limits.httpNewcomers },
    },
  },
  {
    implementation: ourDrain,
    entries: {
      12: { cannot: limits.exactLastCall },
      21: { cannot: limits.httpNewcomers },
      22: { cannot: limits.httpNewcomers },
    },
  },
  {
    implementation: eventsOn,
    entries: {
      1: { fails: 'ends with AbortError' },
      2: { fails: 'throws AbortError' },
      3: { fails: 'emits its close more than once' },
      5: { fails: 'waits for the connection to end' },
      8: { fails: 'leaves the connection open, and does not serve it' },
      10: { fails: 'leaves waiting connections open' },
      12: { fails: 'resets the clients in the accept queue' },
      39: { fails: 'crashes the process by accept EMFILE' },
      40: { fails: 'crashes the process by accept ENFILE' },
      41: { fails: 'crashes the process by accept EPERM' },
      42: { fails: 'goes on listening' },
    },
  },
  {
    implementation: netServer,
    entries: {
      3: { fails: 'emits its close more than once' },
      12: { fails: 'resets the clients in the accept queue' },
      21: { fails: 'waits until that client goes away', on: ['node 20'] },
      22: { fails: 'waits for half a request even when its head is overdue' },
      23: { fails: 'does not say `close`' },
      31: { fails: 'ends clients beyond the limit without serving them' },
      32: { fails: 'ends clients beyond the limit without serving them' },
      47: { fails: 'leaves the silent client connected' },
    },
  },
  {
    implementation: denoListen,
    entries: {
      2: { fails: 'does not end' },
      3: { fails: 'throws BadResource when other code closes it' },
      4: { fails: 'throws BadResource when it is stopped twice' },
      12: { fails: 'resets the clients in the accept queue' },
      23: { fails: 'does not say `close`' },
    },
  },
];
