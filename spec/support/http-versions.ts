import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type HttpKind, say } from './http-kinds.ts';
import { listening } from './sockets.ts';
import { turns } from './turns.ts';

/** What a client of HTTP/1 may write for its version: Node's parser lets some of them through. */
export const versions: readonly string[] = [
  'HTTP/2.0',
  'HTTP/3.0',
  'HTTP/1.0',
  'HTTP/0.9',
  'HTTP/9.9',
];

/** @param connection - What the last header `Connection` says. */
type Words = (version: string, path: string, connection: string) => string;

function head(line: string, ...headers: string[]): string {
  return [line, 'Host: localhost', ...headers, '', ''].join('\r\n');
}

const length = 'Content-Length: 4';
const goOn = 'Expect: 100-continue';

/** What a client may ask for. */
const forms: Readonly<Record<string, Words>> = {
  GET: (version, path, connection) => head(`GET ${path} ${version}`, `Connection: ${connection}`),
  POST: (version, path, connection) =>
    `${head(`POST ${path} ${version}`, `Connection: ${connection}`, length)}body`,
  [goOn]: (version, path, connection) =>
    `${head(`POST ${path} ${version}`, `Connection: ${connection}`, goOn, length)}body`,
  'an unknown Expect': (version, path, connection) =>
    head(`GET ${path} ${version}`, `Connection: ${connection}`, 'Expect: tea'),
  'an upgrade': (version, path, connection) =>
    head(`GET ${path} ${version}`, `Connection: Upgrade, ${connection}`, 'Upgrade: x'),
  CONNECT: (version, _path, connection) =>
    head(`CONNECT localhost:1 ${version}`, `Connection: ${connection}`),
  'two in one go': (version, path, connection) =>
    head(`GET ${path}/first ${version}`, 'Connection: keep-alive') +
    head(`GET ${path}/second ${version}`, `Connection: ${connection}`),
};

/** What one client says. */
export interface Saying {
  readonly name: string;
  readonly words: string;
}

/** Each version with each form. @param path - One of {@link paths}. */
export function sayings(path: string, connection: 'close' | 'keep-alive'): Saying[] {
  return versions.flatMap((version) =>
    Object.entries(forms).map(([form, words]) => {
      return { name: `${version}, ${form}`, words: words(version, path, connection) };
    }),
  );
}

/** An answer has begun when its end is waited for, or is held back as a whole. */
export const paths = { begun: '/begun', held: '/held' } as const;

/**
 * Answers with what it was asked, in two parts whose length is told before.
 *
 * @param beforeEnd - What the end of the answer waits for.
 */
export async function echo(
  incoming: IncomingMessage,
  response: ServerResponse,
  beforeEnd: () => unknown = () => {},
): Promise<void> {
  const { method, url = '', httpVersion } = incoming;
  const answer = `${method} ${url} ${httpVersion} ${await text(incoming)}`;
  const begun = url.startsWith(paths.held) ? '' : answer.slice(0, 5);
  response.setHeader('content-length', answer.length);
  if (begun) response.write(begun);
  // A runtime may take what is answered at once for another thing than what takes its time.
  await turns(2);
  await beforeEnd();
  response.end(answer.slice(begun.length));
}

function switchOver({ httpVersion }: IncomingMessage, socket: Socket): void {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${httpVersion}`);
}

/** An owner's listeners for every request that is none of `'request'`. */
export function listenToAllElse(server: Server): void {
  server.on('upgrade', switchOver);
  server.on('connect', switchOver);
  server.on('checkContinue', (incoming, response) => {
    response.writeContinue();
    server.emit('request', incoming, response);
  });
  server.on('checkExpectation', (incoming, response) => {
    server.emit('request', incoming, response);
  });
}

/** What each client has heard, without the date, and how its connection ended. */
export type Answers = Readonly<Record<string, string>>;

/** What clients hear that all say their words at once, each to the end of its connection. */
export async function answersTo(
  server: Server,
  { isSecure }: HttpKind,
  all: readonly Saying[],
): Promise<Answers> {
  const answers = all.map(async ({ name, words }) => {
    const { text: heard, by } = await say(server, isSecure, words).ending;
    return [name, `${heard.replaceAll(/date: .*\r\n/gi, '')} (${by})`];
  });
  return Object.fromEntries(await Promise.all(answers)) as Answers;
}

/** What a server without this package does. */
export interface Bare {
  readonly begun: Answers;
  readonly held: Answers;
  /** How many of the requests of each have come to its listener. */
  readonly requests: number;
}

/** Asks a server without this package. @param unbound - With its listeners but for `'request'`. */
export async function askBare(unbound: Server, kind: HttpKind): Promise<Bare> {
  let requests = 0;
  unbound.on('request', (incoming, response) => {
    if (incoming.url?.startsWith(paths.begun)) requests += 1;
    void echo(incoming, response);
  });
  const server = await listening(unbound);
  const begun = await answersTo(server, kind, sayings(paths.begun, 'close'));
  const held = await answersTo(server, kind, sayings(paths.held, 'close'));
  await new Promise((resolve) => server.close(resolve));
  return { begun, held, requests };
}

/** Answers without what tells how long a connection lasts. */
export function lasting(answers: Answers): Answers {
  const all = Object.entries(answers).map(([name, answer]) => {
    return [name, answer.replaceAll(/(?:connection|keep-alive): .*\r\n/gi, '')];
  });
  return Object.fromEntries(all) as Answers;
}
