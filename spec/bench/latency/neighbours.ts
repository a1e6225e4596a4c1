import type { ServerName } from '../loss/servers.ts';

/** A server process beside the one that is measured, and how it stops. */
export interface Neighbour {
  /** In Markdown. */
  readonly title: string;
  readonly server: ServerName;
  /** As its server knows it; see spec/bench/loss/. */
  readonly way: string;
  /** Not told to stop: what the others are compared with. */
  readonly isBase?: boolean;
}

/** In the order of the tables. The base comes first. */
export const neighbours: readonly Neighbour[] = [
  { title: 'It does not stop', server: 'node', way: 'close', isBase: true },
  { title: '`closeIdleConnections()` every 10 ms', server: 'node', way: 'closeIdle' },
  { title: 'http-terminator', server: 'node', way: 'httpTerminator' },
  { title: 'stoppable', server: 'node', way: 'stoppable' },
  { title: 'http-graceful-shutdown', server: 'node', way: 'httpGracefulShutdown' },
  { title: "Go's `Server.Shutdown`", server: 'go', way: 'serve' },
  { title: '**`drain(server, { signal })`**', server: 'node', way: 'drain' },
];
