/** How two server processes listen on one port: by a policy of `node:cluster`, or by the kernel. */
export type Sharing = 'SCHED_RR' | 'SCHED_NONE' | 'reusePort';

/** Node's `http.Agent` with keep-alive, or undici's. */
export type ClientName = 'http.Agent' | 'undici';

/** A number of rolling stops under load. It ends with the stop under way when there are enough. */
export interface RoundSettings {
  readonly way: string;
  readonly sharing: Sharing;
  readonly client: ClientName;
  /** So many at least. */
  readonly requests: number;
  /** So many at least. */
  readonly stops: number;
  /** What starts a server process with `reusePort`, but for way and port; a cluster forks its own. */
  readonly command?: readonly string[];
}

/** What the clients saw. */
export interface Tally {
  readonly requests: number;
  /** How many failed, by reason: all but a 200 with the body that was sent. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface RoundResult extends Tally {
  /** How long each stop took, to the end of its process, in ms. */
  readonly stops: readonly number[];
  /** How many of the processes did not end and were killed. */
  readonly hung: number;
}
