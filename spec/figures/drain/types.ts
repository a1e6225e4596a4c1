/** The ways to stop a server that are drawn. */
export type WayName = 'drain' | 'close' | 'terminator';

/** The clients of each run, in the order of the picture: what they do, and how many. */
export const clients = {
  busy: 2,
  'slow answer': 2,
  'never answered': 1,
  idle: 2,
  'idle, asks again': 2,
  'in accept queue': 4,
  'comes late': 2,
} as const;

export type Kind = keyof typeof clients;

/** One connection of a client, as the client saw it. Times are milliseconds of the system. */
export interface Line {
  readonly kind: Kind;
  /** Which of the kind's clients. */
  readonly client: number;
  readonly begun: number;
  /** Its requests: when each was sent, and when its answer was there. */
  readonly requests: { readonly sent: number; answered?: number }[];
  /** When it was closed. */
  ended?: number;
  /** Why the connect or the connection failed: an error's code. */
  code?: string;
}

/** When what happened in the server's process. Times are milliseconds of the system. */
export interface Stages {
  /** Of the stop: the abort, or the call. Ours by its channel `accept-loop:drain`. */
  begun: number;
  /** The listener is closed. */
  closed?: number;
  /** The stop says that it is done. Ours by its channel `accept-loop:end`. */
  ended?: number;
}

/** What one stop was like. */
export interface Run {
  readonly lines: readonly Line[];
  readonly stages: Stages;
  /** When the run was ended: what was open then has no end. */
  readonly cut: number;
}
