import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

const channels = ['accept', 'shed', 'error', 'drain', 'end'] as const;

type Channel = (typeof channels)[number];

/** The places in somebody's code, by name, that the library calls or that it is called from. */
export interface Places<Name extends string> {
  /** To be called at each place. At the wanted one, the first time, it acts. */
  readonly at: (place: Name | Channel) => void;
  /** Whether it has acted. */
  readonly hasActed: () => boolean;
  /** How many messages a channel has had of this server. */
  readonly told: (channel: Channel) => number;
  readonly leave: () => void;
}

/** Acts once, at one place among many; the channels of diagnostics are places, too. */
export function placesOf<Name extends string>(
  server: object,
  wanted: Name | Channel,
  act: () => unknown,
): Places<Name> {
  let hasActed = false;
  const at = (place: Name | Channel): void => {
    if (place !== wanted || hasActed) return;
    hasActed = true;
    act();
  };
  const counts = { accept: 0, shed: 0, error: 0, drain: 0, end: 0 };
  const subscribers = channels.map((channel) => {
    const subscriber = (message: unknown): void => {
      if ((message as { server: object }).server !== server) return;
      counts[channel] += 1;
      at(channel);
    };
    subscribe(`accept-loop:${channel}`, subscriber);
    return [`accept-loop:${channel}`, subscriber] as const;
  });
  return {
    at,
    hasActed: () => hasActed,
    told: (channel) => counts[channel],
    leave: () => subscribers.forEach(([name, subscriber]) => unsubscribe(name, subscriber)),
  };
}

interface Surroundings {
  /** How many times the server has said 'close'. */
  readonly closes: () => number;
  /** Adds the listeners behind ours. */
  readonly follow: () => void;
  /** Takes all off the server. */
  readonly leave: () => void;
}

type Listeners =
  | 'a listener before ours'
  | 'a listener behind ours'
  | 'a close of a connection'
  | 'an abort listener before ours'
  | 'an abort listener behind ours'
  | 'a listener for the close of the server';

/** An owner's own listeners on a server and on the signal that stops it: each is a place. */
export function surround(
  server: Server,
  { signal }: AbortController,
  at: (place: Listeners) => void,
): Surroundings {
  let closes = 0;
  const onClose = (): void => {
    closes += 1;
    at('a listener for the close of the server');
  };
  const onFirst = (socket: Socket): void => {
    socket.on('error', () => {}).once('close', () => at('a close of a connection'));
    at('a listener before ours');
  };
  const onLast = (): void => at('a listener behind ours');
  server.on('connection', onFirst).on('close', onClose);
  signal.addEventListener('abort', () => at('an abort listener before ours'), { once: true });
  return {
    closes: () => closes,
    follow() {
      server.on('connection', onLast);
      signal.addEventListener('abort', () => at('an abort listener behind ours'), { once: true });
    },
    leave() {
      server.off('connection', onFirst).off('connection', onLast).off('close', onClose);
    },
  };
}

/** Waits for what happens at each place, and says at which one it has failed. */
export async function allOf(
  names: readonly string[],
  runs: readonly Promise<unknown>[],
): Promise<void> {
  for (const [index, outcome] of (await Promise.allSettled(runs)).entries()) {
    if (outcome.status === 'fulfilled') continue;
    throw new Error(`inside of ${names[index]}`, { cause: outcome.reason });
  }
}

/** Answers on a socket or to a request, and ends it. */
export function answer(connection: unknown): void {
  if (Array.isArray(connection)) {
    const response: ServerResponse = connection[1];
    response.setHeader('connection', 'close').end('hello');
  } else {
    (connection as Socket).resume().end('hello');
  }
}
