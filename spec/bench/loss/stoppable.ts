import type { Server } from 'node:net';

export interface Where {
  readonly port: number;
  readonly host: string;
  readonly backlog: number;
  readonly reusePort: boolean;
}

/** A server, and how it is stopped. */
export interface Stoppable {
  readonly server: Server;
  /** Where a framework does that. */
  readonly listen?: (where: Where) => Promise<unknown>;
  /** Called when the signal has aborted. Resolves when the server says that it is done. */
  readonly stop: () => Promise<unknown>;
}

export type Way = (signal: AbortSignal) => Promise<Stoppable>;
