import type { ListenOptions as NodeListenOptions } from 'node:net';
import { resolve } from 'node:path';
import { isListenable, looksLike } from '../protocols/check-server.ts';
import type { OptionCheck } from '../primitives/option-check.ts';

/** Where a server is to listen, as Node's `ListenOptions` say it. */
export interface ListenTarget extends Omit<NodeListenOptions, 'port' | 'fd' | 'handle' | 'signal'> {
  /** A port from 0 to 65535, as a number or as a string of digits. */
  port?: number | string | undefined;
  /** A descriptor that is bound already, inherited from a parent. */
  fd?: number | undefined;
  /** Node's own handle of a listener. */
  handle?: unknown;
  /** Not here: pass it in the options of `listen()`. */
  signal?: undefined;
}

/**
 * A listener that is open already: Node's own handle of one, or a `net.Server`. Another process has
 * sent that server by `child.send(message, server)`.
 */
export interface ListenHandle {
  close(): unknown;
  ref(): unknown;
  unref(): unknown;
}

/**
 * A port, the path of a Unix socket, an object with these and other options, or an open listener.
 */
export type ListenWhere = number | string | ListenTarget | ListenHandle;

/**
 * How many bytes the path of a Unix socket may have: `sun_path` less its final NUL. Before version
 * 24, Node cuts a longer path and binds the rest.
 */
const MOST_PATH_BYTES: number = /^(?:linux|android)$/.test(process.platform) ? 107 : 103;

type GivenOptions = Omit<ListenTarget, 'signal'> & { signal?: unknown };

const wantedWhere = 'a port, the path of a Unix socket, or listen options';
const wantedPort = 'a port from 0 to 65535';

/**
 * Turns a `where` into what `server.listen()` takes: a new object, or the open listener.
 *
 * @throws `TypeError` or `RangeError` if it names no place to listen at.
 */
export function checkWhere(check: OptionCheck, where: unknown): ListenTarget | ListenHandle {
  if (typeof where === 'string' && where !== '') return checkName(check, where);
  if (typeof where === 'number') return { port: checkPort(check, 'where', where) };
  if (isHandle(where)) return checkHandle(check, where);
  const given = givenOptions(where);
  if (given === undefined) throw check.error(TypeError, 'where', wantedWhere, where);
  return checkTarget(check, given, where);
}

/** The path of the file that the server will be bound to, if it is bound to a file. */
export function socketFile(target: ListenTarget | ListenHandle): string | undefined {
  if (isHandle(target)) return undefined;
  const { path, port, fd, handle } = target;
  if (process.platform === 'win32' || path?.startsWith('\0')) return undefined;
  // Node chooses among several in the same way.
  return port === undefined && fd === undefined && handle === undefined ? path : undefined;
}

/**
 * The path from the root, if that is short enough. It leads to the same file after the working
 * directory was changed.
 */
export function lastingPath(path: string): string {
  try {
    const absolute = resolve(path);
    return Buffer.byteLength(absolute) <= MOST_PATH_BYTES ? absolute : path;
  } catch {
    // The working directory was removed.
    return path;
  }
}

/** Recognises ports by their digits: Node would also take '1e3' and ' 80' for ports. */
function checkName(check: OptionCheck, where: string): ListenTarget {
  if (/^\d+$/.test(where)) return { port: checkPort(check, 'where', where) };
  checkPath(check, 'where', where);
  return { path: where };
}

/** Recognised by its methods: listen options have none. */
function isHandle(where: unknown): where is ListenHandle {
  return looksLike(where, ['close', 'ref', 'unref']);
}

function checkHandle(check: OptionCheck, where: ListenHandle): ListenHandle {
  if (!isListenable(where) || where.listening) return where;
  throw check.error(TypeError, 'where', 'a server that listens', where);
}

/** A copy without what is undefined: Node binds any port for `{ port: undefined, path }`. */
function givenOptions(where: unknown): GivenOptions | undefined {
  try {
    if (typeof where !== 'object' || where === null || Array.isArray(where)) return undefined;
    return Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined));
  } catch {
    // A revoked proxy, or a getter that throws.
    return undefined;
  }
}

function checkTarget(check: OptionCheck, target: GivenOptions, where: unknown): ListenTarget {
  const { port, path, fd, handle, signal } = target;
  if (signal !== undefined) {
    const wanted = 'left out, and given in the options: listen(server, where, { signal })';
    throw check.error(TypeError, 'where.signal', wanted, signal);
  }
  if (port !== undefined) target.port = checkPort(check, 'where.port', port);
  if (path !== undefined) checkPath(check, 'where.path', path);
  if (fd !== undefined) checkDescriptor(check, fd);
  if ((port ?? path ?? fd ?? handle) === undefined) {
    throw check.error(TypeError, 'where', 'listen options with a port, a path or an fd', where);
  }
  return target as ListenTarget;
}

function checkPort(check: OptionCheck, name: string, value: unknown): number {
  const isText = typeof value === 'string' && /^\d+$/.test(value);
  if (typeof value !== 'number' && !isText) throw check.error(TypeError, name, wantedPort, value);
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw check.error(RangeError, name, wantedPort, value);
}

function checkPath(check: OptionCheck, name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') {
    throw check.error(TypeError, name, 'the path of a Unix socket', value);
  }
  // In an abstract name, NUL is an ordinary character. Elsewhere a path would be cut there,
  // silently.
  if (value.indexOf('\0') > 0) {
    throw check.error(RangeError, name, 'a path without NUL, or NUL and an abstract name', value);
  }
  const bytes = Buffer.byteLength(value);
  if (process.platform === 'win32' || bytes <= MOST_PATH_BYTES) return;
  const wanted = `a path of at most ${MOST_PATH_BYTES} bytes, not ${bytes}`;
  throw check.error(RangeError, name, wanted, value);
}

function checkDescriptor(check: OptionCheck, value: unknown): void {
  const wanted = 'a file descriptor: a whole number of 0 or more';
  if (typeof value !== 'number') throw check.error(TypeError, 'where.fd', wanted, value);
  if (Number.isInteger(value) && value >= 0) return;
  throw check.error(RangeError, 'where.fd', wanted, value);
}
