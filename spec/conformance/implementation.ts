import type { Client } from '../support/sockets.ts';

/** What an implementation may have in its interface. Without it, what needs it does not apply. */
export type Feature =
  | 'loop'
  | 'signal'
  | 'events'
  | 'accept errors'
  | 'ends by errors'
  | 'http'
  | 'handshake timeout'
  | 'drain'
  | 'draining'
  | 'tasks'
  | 'grace'
  | 'limit'
  | 'group'
  | 'process signals'
  | 'descriptors'
  | 'rolling stops'
  | 'state hooks'
  | 'queue timeout'
  | 'limits that change'
  | 'uncounted connections'
  | 'waits for a count'
  | 'alarms'
  | 'backoff'
  | 'program upgrade';

/** A connection in the words that all of them have; of HTTP, a request with its response. */
export interface Connection {
  /** What the client sends next, `''` at its end; of HTTP, the path. */
  read(): Promise<string>;
  write(text: string): void;
  /** Sends the last text; of HTTP, the answer. */
  end(text?: string): void;
}

/** What a handler of an implementation with `draining` is told by. */
export interface Context {
  readonly signal: AbortSignal;
  readonly draining: AbortSignal;
}

export type Handler = (connection: Connection, context: Context) => Promise<void> | void;

export interface StartOptions {
  /** Default: TCP. */
  readonly protocol?: 'tcp' | 'http' | 'tls';
  /** Default: a free one. */
  readonly port?: number;
  /** A Unix socket instead of a port. */
  readonly path?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds; default: what the implementation has. */
  readonly grace?: number;
  /** How many connections may be served at once. */
  readonly limit?: number;
  /** Milliseconds for the head of an HTTP request. */
  readonly headersTimeout?: number;
  /** Milliseconds for a TLS handshake. */
  readonly handshakeTimeout?: number;
}

interface Stats {
  /** How often the listener has said that it is closed. */
  readonly closes: number;
  /** What has been told of its listener's and its handlers' errors. */
  readonly errors: readonly unknown[];
  /** Counts of its own. */
  readonly counts: Readonly<Record<string, unknown>>;
}

export interface Running {
  readonly port: number;
  readonly connect: (options?: { readonly allowHalfOpen?: boolean }) => Promise<Client>;
  /** Tells it to stop, as its documentation says. */
  readonly stop: () => void;
  /** Closes its listener behind its back. */
  readonly close: () => void;
  /** Whether its listener is open, where one can know. */
  readonly listening: () => boolean;
  /** Waits until so many connections have been accepted, where one can know. */
  readonly arrived: (count: number) => Promise<void>;
  /** Calls back at the next accept, before the implementation hears of it. */
  onAccept(callback: () => void): void;
  /** Has the listener tell of an error. */
  readonly emitError: (error: Error) => void;
  readonly stats: () => Stats;
  /** Ends what is left of it, and asserts what it promises to leave. */
  readonly clear: () => Promise<void>;
}

/** One that calls a handler with each connection. */
export interface Serving extends Running {
  /** Settles when it says that it is over, with the error if it has one. */
  readonly over: Promise<{ readonly error?: unknown }>;
}

/** One that gives its connections one by one. */
export interface Looping extends Running {
  readonly connections: AsyncIterator<Connection, unknown>;
}

type Task<Result> = (signal: AbortSignal) => Promise<Result>;

/** Tasks none of which outlives it. */
export type Group = (
  body: (group: {
    readonly signal: AbortSignal;
    readonly run: <Result>(task: Task<Result>) => Promise<Result>;
    readonly cancel: (reason?: unknown) => void;
  }) => unknown,
  options?: { readonly signal?: AbortSignal },
) => Promise<unknown>;

export interface Implementation {
  readonly name: string;
  /** The runtimes, by label, on which it is looked at; default: each. */
  readonly runtimes?: readonly string[];
  /** What its interface does not have, and why. */
  readonly lacks: Partial<Record<Feature, string>>;
  readonly serve: (handler: Handler, options?: StartOptions) => Promise<Serving>;
  readonly loop?: (options?: StartOptions) => Promise<Looping>;
  readonly group?: Group;
  readonly shutdownSignal?: () => AbortSignal & Disposable;
}
