/* What a round is made of: plain values, drawn from a seed, of which the clients get their part. */

export const kinds = ['net', 'tls', 'unix', 'http', 'https', 'h2', 'h2c', 'ws', 'ws-port'] as const;

export type Kind = (typeof kinds)[number];

/** What runs the server. */
export type Way = 'loop' | 'serve' | 'drain';

/** What a client asks its handler to do. */
export type Action =
  // Sound ones: whoever asks for it is answered.
  | 'answer'
  | 'stream'
  | 'later'
  | 'goodbye'
  | 'stall'
  | 'echo'
  | 'upgrade'
  // Those of handlers that misbehave.
  | 'throw'
  | 'reject'
  | 'never'
  | 'destroy'
  | 'twice'
  | 'half';

/** What a client does. */
export type Style =
  // Polite ones: who asks in order and reads to the end.
  | 'asks'
  | 'pieces'
  | 'pipelines'
  | 'half-closes'
  | 'slow'
  // Rude ones.
  | 'silent'
  | 'stops halfway'
  | 'leaves'
  | 'resets'
  | 'half-closes early'
  | 'floods'
  | 'crowds'
  | 'talks garbage'
  | 'half handshake'
  | 'never closes'
  | 'cancels';

/** One request. */
export interface Want {
  /** Unique in its round. */
  readonly key: string;
  readonly action: Action;
  /** Bytes of the answer. */
  readonly size: number;
  /** Bytes that the client sends beside the request. */
  readonly upload: number;
  /** How long the handler takes, in milliseconds. */
  readonly takes: number;
  /** How long the client thinks before it asks, in milliseconds. */
  readonly thinks: number;
}

/** One client. */
export interface Visit {
  readonly style: Style;
  /** Milliseconds after the beginning of the round. */
  readonly at: number;
  readonly seed: number;
  /** Of a rude one: milliseconds until it does what it does. */
  readonly moment: number;
  readonly wants: readonly Want[];
}

export type StopWay =
  | 'abort'
  | 'abort in a handler'
  | 'abort twice'
  | 'stop'
  | 'stop harder'
  | 'close'
  | 'dispose'
  | 'return'
  | 'break'
  | 'throw'
  | 'late drain';

interface StopPlan {
  readonly way: StopWay;
  /** Milliseconds after the first client has come. */
  readonly at: number;
  /** Milliseconds for which the event loop stands still right before. */
  readonly stall: number;
  /** Of a stop that is made harder: the new grace. */
  readonly harder: number;
}

export interface RoundPlan {
  readonly seed: number;
  readonly kind: Kind;
  readonly way: Way;
  /** Everybody is polite, every handler sound, and grace suffices: everybody is served. */
  readonly isCalm: boolean;
  readonly grace: number;
  readonly idle: number;
  readonly linger: number;
  readonly concurrency: number | null;
  readonly maxQueued: number;
  /** Of a loop. */
  readonly consumers: number;
  /** Handlers that return no promise. */
  readonly isCallback: boolean;
  /** Of so many connections one has a handler that throws at once; 0 for none. */
  readonly throwsEvery: number;
  readonly stop: StopPlan;
  readonly stalls: readonly { readonly at: number; readonly lasts: number }[];
  readonly visits: readonly Visit[];
}

const sound: ReadonlySet<Action> = new Set<Action>([
  'answer',
  'stream',
  'later',
  'goodbye',
  'stall',
  'echo',
  'upgrade',
]);
const polite: ReadonlySet<Style> = new Set<Style>([
  'asks',
  'pieces',
  'pipelines',
  'half-closes',
  'slow',
]);

/** A stream's handler that returns has ended it: what it does later comes too late. */
export const isSound = ({ action }: Want, kind: Kind): boolean =>
  sound.has(action) && (action !== 'later' || !isStream(kind));
export const isPolite = ({ style }: Visit): boolean => polite.has(style);

/** Whether clients of a kind are known by their port. */
export const hasPorts = (kind: Kind): boolean => kind !== 'unix';
export const isSecure = (kind: Kind): boolean => ['tls', 'https', 'h2'].includes(kind);
export const isStream = (kind: Kind): boolean => ['net', 'tls', 'unix'].includes(kind);
export const isWebSocket = (kind: Kind): boolean => kind.startsWith('ws');
export const isHttp2 = (kind: Kind): boolean => kind.startsWith('h2');
