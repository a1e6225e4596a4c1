import type { ServerName } from './servers.ts';
import type { ClientName } from './types.ts';

/** A way to stop, of a kind of server. */
export interface Contender {
  readonly server: ServerName;
  /** As the server knows it. */
  readonly way: string;
  /** As the tables name it. */
  readonly title: string;
  /** Of which nothing may be lost. */
  readonly isOurs: boolean;
}

/** One that is stopped under load, by keep-alive clients. */
export interface RollingContender extends Contender {
  readonly client: ClientName;
}

/** One that is stopped while clients wait in its accept queue. */
export interface QueueContender extends Contender {
  readonly protocol: 'http' | 'tcp';
}

function other(server: ServerName, way: string, title: string): Contender {
  return { server, way, title, isOurs: false };
}

function ours(way: string, title: string): Contender {
  return { server: 'node', way, title: `**${title}**`, isOurs: true };
}

const close = other('node', 'close', '`server.close()`');
const closeIdle = other('node', 'closeIdle', '… and `closeIdleConnections()` every 10 ms');

const peers: readonly Contender[] = [
  other('node', 'httpTerminator', 'http-terminator'),
  other('node', 'stoppable', 'stoppable'),
  other('node', 'httpGracefulShutdown', 'http-graceful-shutdown'),
  other('node', 'fastify', "Fastify's `app.close()`"),
  other('deno', 'serve', "`Deno.serve`'s `shutdown()`"),
  other('bun', 'serve', "`Bun.serve`'s `stop()`"),
  other('go', 'serve', "Go's `Server.Shutdown`"),
];

const drain = ours('drain', '`drain(server, { signal })`');
const drainFastify = ours('drainFastify', '`drain(app.server, { signal })`, Fastify');
const drainProxy = ours('drainProxy', '`drain(server, { signal })`, http-proxy');
const serve = ours('serve', '`serve(server, handler, { signal })`');

const tcp: readonly Contender[] = [
  other('node', 'closeTcp', '`server.close()`'),
  other('deno', 'listen', "`Deno.listen`'s `close()`"),
  other('bun', 'listen', "`Bun.listen`'s `stop()`"),
  other('go', 'listen', "Go's `listener.Close()`"),
  ours('acceptLoop', '`acceptLoop(server, { signal })`'),
  ours('serveTcp', '`serve(server, handler, { signal })`'),
];

/** Who is stopped under load, in the order of the tables. */
export const rollingContenders: readonly RollingContender[] = [
  ...[close, closeIdle, ...peers, drain, drainFastify, drainProxy].map(withAgent),
  { ...drain, client: 'undici' },
];

/** Who is stopped while clients wait, in the order of the tables. */
export const queueContenders: readonly QueueContender[] = [
  ...[close, ...peers, drain, drainFastify, serve].map(overHttp),
  ...tcp.map(overTcp),
];

function withAgent(contender: Contender): RollingContender {
  return { ...contender, client: 'http.Agent' };
}

function overHttp(contender: Contender): QueueContender {
  return { ...contender, protocol: 'http' };
}

function overTcp(contender: Contender): QueueContender {
  return { ...contender, protocol: 'tcp' };
}
