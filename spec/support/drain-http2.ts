import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Server } from 'node:net';
import { drain, type Draining, type DrainOptions, type DrainReport } from '../../lib/index.ts';
import { certificate } from './certificate.ts';
import { countCloseEvents } from './count-closes.ts';
import { nothingLeft } from './scene.ts';
import { listening, portOf } from './sockets.ts';
import { turns, until } from './turns.ts';
import { collectWarnings } from './warnings.ts';

type Scheme = 'http' | 'https';
type RequestListener = (request: Http2ServerRequest, response: Http2ServerResponse) => unknown;
type AnyServer = Http2Server | Http2SecureServer;

type Http2Kind = 'h2c' | 'h2' | 'h2 beside HTTP/1';

/** Every way to listen for HTTP/2. */
export const http2Servers: Readonly<
  Record<Http2Kind, { scheme: Scheme; create: () => AnyServer }>
> = {
  h2c: { scheme: 'http', create: () => createServer() },
  h2: { scheme: 'https', create: () => createSecureServer(certificate) },
  'h2 beside HTTP/1': {
    scheme: 'https',
    create: () => createSecureServer({ ...certificate, allowHTTP1: true }),
  },
};

/** An HTTP/2 server that is drained. */
export interface Http2Drain {
  readonly server: Server;
  readonly stop: AbortController;
  readonly drained: Draining;
  /** The server's sessions, in order of arrival. */
  readonly sessions: readonly ServerHttp2Session[];
  /** Waits for the end, and asserts that nothing is left. */
  readonly over: () => Promise<DrainReport>;
}

/** @param handler - Without it, `'request'` has no listener. */
export async function http2Drain(
  unbound: AnyServer,
  handler?: RequestListener,
  options: DrainOptions = {},
): Promise<Http2Drain> {
  const sessions: ServerHttp2Session[] = [];
  if (handler) unbound.on('request', (request, response) => void handler(request, response));
  unbound.on('session', (session) => sessions.push(session));
  const closes = countCloseEvents(unbound);
  const server: Server = await listening(unbound as Server);
  const assertNothingLeft = nothingLeft(server);
  const stop = new AbortController();
  const { warnings, stopCollecting } = collectWarnings();
  const drained = drain(unbound, { signal: stop.signal, ...options });
  const over = async (): Promise<DrainReport> => {
    const report = await drained;
    await until(() => closes() > 0);
    await turns(5);
    stopCollecting();
    assert.deepEqual(warnings, []);
    assert.equal(closes(), 1);
    await assertNothingLeft(stop.signal);
    assert.equal(report.forced, report.stragglers.length);
    for (const session of sessions) assert.equal(Object.hasOwn(session, 'close'), false);
    return report;
  };
  return { server, stop, drained, sessions, over };
}

/** A session of Node's client. It begins no more streams once it has read a GOAWAY. */
export interface Session {
  readonly session: ClientHttp2Session;
  readonly closed: Promise<void>;
}

export async function openSession(server: Server, scheme: Scheme): Promise<Session> {
  const session = connect(`${scheme}://localhost:${portOf(server)}`, {
    ca: certificate.cert,
    host: '127.0.0.1',
    servername: 'localhost',
  });
  session.on('error', () => {});
  const closed = new Promise<void>((resolve) => session.once('close', () => resolve()));
  await once(session, 'connect');
  return { session, closed };
}

/** The parts of an answer that a client has received. */
export interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  /** The error code with which the stream ended. */
  readonly code: number | undefined;
  readonly headers: Record<string, unknown>;
}

export async function readAnswer(stream: ClientHttp2Stream): Promise<Answer> {
  let headers: Record<string, unknown> = {};
  let body = '';
  stream.setEncoding('utf8');
  stream.on('response', (received) => (headers = { ...received }));
  stream.on('data', (chunk) => (body += String(chunk)));
  stream.on('error', () => {});
  await new Promise((resolve) => stream.once('close', resolve));
  return { status: headers[':status'] as number | undefined, body, code: stream.rstCode, headers };
}

/** Requests a path, and reads the answer. */
export function askFor(session: ClientHttp2Session, path = '/'): Promise<Answer> {
  return readAnswer(session.request({ ':path': path }));
}
