import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type HttpKind, say } from './http-kinds.ts';
import { listening } from './sockets.ts';
import { turns } from './turns.ts';

/** Versions that an HTTP/1 client may write. Node's parser accepts some of them. */
export const versions: readonly string[] = [
  'HTTP/2.0',
  'HTTP/3.0',
  'HTTP/1.0',
  'HTTP/0.9',
  'HTTP/9.9',
];

/** @param connection - The value of the last header `Connection`. */
type Words = (version: string, path: string, connection: string) => string;

function head(line: string, ...headers: string[]): string {
  return [line, 'Host: localhost', ...headers, '', ''].join('\r\n');
}

const length = 'Content-Length: 4';
const goOn = 'Expect: 100-continue';

/** The forms of requests. */
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

/** The bytes that one client writes, with a name for them. */
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

/** With `begun`, an answer has begun before its end is waited for. With `held`, it has not. */
export const paths = { begun: '/begun', held: '/held' } as const;

/**
 * Answers with a description of the request, in two parts, with a `Content-Length`.
 *
 * @param beforeEnd - Called before the end of the answer, which waits for it.
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
  // A runtime may treat an answer that comes at once differently.
  await turns(2);
  await beforeEnd();
  response.end(answer.slice(begun.length));
}

function switchOver({ httpVersion }: IncomingMessage, socket: Socket): void {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${httpVersion}`);
}

/** Adds an owner's listeners for all requests that do not come with `'request'`. */
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

/** The bytes that each client has received, without the date, and how its connection ended. */
export type Answers = Readonly<Record<string, string>>;

/** Lets all clients write at the same time, and reads each connection to its end. */
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

/** The behaviour of a server without this package. */
export interface Bare {
  readonly begun: Answers;
  readonly held: Answers;
  /** How many of the requests for `begun` have reached its listener. */
  readonly requests: number;
}

/**
 * Sends all requests to a server without this package.
 *
 * @param unbound - Has all listeners except the one for `'request'`.
 */
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

/** Removes the headers that tell how long a connection lasts. */
export function lasting(answers: Answers): Answers {
  const all = Object.entries(answers).map(([name, answer]) => {
    return [name, answer.replaceAll(/(?:connection|keep-alive): .*\r\n/gi, '')];
  });
  return Object.fromEntries(all) as Answers;
}
