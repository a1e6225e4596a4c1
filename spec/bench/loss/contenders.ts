import type { ClientName } from './types.ts';
import type { WayName } from './ways.ts';

export interface Contender {
  readonly way: WayName;
  readonly client: ClientName;
  /** As the table names it. */
  readonly title: string;
}

const alone: readonly (readonly [WayName, string])[] = [
  ['close', '`server.close()`'],
  ['closeIdle', '… and `closeIdleConnections()` every 10 ms'],
  ['httpTerminator', 'http-terminator'],
  ['stoppable', 'stoppable'],
  ['httpGracefulShutdown', 'http-graceful-shutdown'],
  ['fastify', "Fastify's `app.close()`"],
  ['drain', '**`drain(server, { signal })`**'],
  ['drainFastify', '**`drain(app.server, { signal })`**, Fastify'],
];

/** Who is compared, in the order of the table. */
export const contenders: readonly Contender[] = [
  ...alone.map(([way, title]) => ({ way, title, client: 'http.Agent' as const })),
  { way: 'drain', title: '**`drain(server, { signal })`**', client: 'undici' },
];
