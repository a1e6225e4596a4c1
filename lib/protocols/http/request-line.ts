import { SHOWN_URL } from '../../bounds.ts';
import { attemptOf } from '../../primitives/hear.ts';
import type { RequestLine } from '../../shutdown/stragglers.ts';

/**
 * What a request may tell. Routers such as Express cut the path where they are mounted from `url`,
 * and keep the whole in `originalUrl`.
 */
interface Requested {
  readonly method?: unknown;
  readonly originalUrl?: unknown;
  readonly url?: unknown;
  /** In HTTP/2: the target of a `CONNECT`, which has no path. */
  readonly authority?: unknown;
}

/**
 * What a request asks for. Its getters may be the owner's: if one throws, only its field is
 * missing.
 */
export function requestLineOf(request: object | null | undefined): RequestLine {
  if (!request) return {};
  const ask = (name: keyof Requested): unknown =>
    attemptOf(request, name, () => (request as Requested)[name]);
  return lineOf(ask('method'), ask('originalUrl') || ask('url') || ask('authority'));
}

/** The same from the headers of an HTTP/2 stream. */
export function requestLineIn(headers: object | null | undefined): RequestLine {
  const {
    ':method': method,
    ':path': path,
    ':authority': authority,
  } = (headers ?? {}) as Record<string, unknown>;
  return lineOf(method, path ?? authority);
}

function lineOf(method: unknown, target: unknown): RequestLine {
  return {
    ...(typeof method === 'string' && { method: shown(method) }),
    ...(typeof target === 'string' && { url: urlOf(target) }),
  };
}

/**
 * The part of a request target that may be shown: without query, fragment and password.
 *
 * @param target - As the client has sent it: a path, a whole URL, `host:port` of a `CONNECT`, or
 * `*`.
 */
export function urlOf(target: string): string {
  const [scheme] = /^(?:[a-z][\w+.-]*:[/\\]+|[/\\]{2,})?/i.exec(target) ?? [''];
  const slash = target.indexOf('/', scheme.length);
  const end = slash === -1 ? target.length : slash;
  // A client may write a malformed URL, in which a name stands where a query seems to be.
  const isPath = scheme === '' && target.startsWith('/');
  const authority = isPath ? '' : target.slice(scheme.length, end);
  const at = authority.lastIndexOf('@');
  if (at === -1) return shown(withoutQuery(target));
  const isHost = withoutQuery(authority).length === authority.length;
  return shown(scheme + (isHost ? withoutQuery(authority.slice(at + 1) + target.slice(end)) : ''));
}

function withoutQuery(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}

/**
 * Makes a text fit for a terminal and a log. It is copied, because a slice would keep everything
 * that the client has sent in memory.
 */
function shown(text: string): string {
  const isLong = text.length > SHOWN_URL;
  const start = isLong ? `${text.slice(0, SHOWN_URL)}…` : text;
  // Nearly all texts are like this, and what follows takes ten times as long.
  if (/^[ -~]*$/.test(start)) return Buffer.from(start, 'latin1').toString('latin1');
  return Buffer.from(start.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')).toString();
}
