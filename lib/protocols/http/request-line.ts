import { SHOWN_URL } from '../../bounds.ts';
import { attemptOf } from '../../primitives/hear.ts';
import type { RequestLine } from '../../shutdown/stragglers.ts';

/** What a request may tell. `originalUrl`: routers such as Express cut `url` for what they mount. */
interface Requested {
  readonly method?: unknown;
  readonly originalUrl?: unknown;
  readonly url?: unknown;
  /** Of HTTP/2: where a `CONNECT` leads, which has no path. */
  readonly authority?: unknown;
}

/** What a request asks for. Its getters may be somebody's: one that throws costs its field. */
export function requestLineOf(request: object | null | undefined): RequestLine {
  if (!request) return {};
  const ask = (name: keyof Requested): unknown =>
    attemptOf(request, name, () => (request as Requested)[name]);
  return lineOf(ask('method'), ask('originalUrl') || ask('url') || ask('authority'));
}

/** The same, of the headers of an HTTP/2 stream. */
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
 * The part of a request target that may be shown: neither a query, a fragment nor a password is.
 *
 * @param target - As the client has sent it: a path, a whole URL, `host:port` of a `CONNECT`, `*`.
 */
export function urlOf(target: string): string {
  const [scheme] = /^(?:[a-z][\w+.-]*:[/\\]+|[/\\]{2,})?/i.exec(target) ?? [''];
  const slash = target.indexOf('/', scheme.length);
  const end = slash === -1 ? target.length : slash;
  // Nobody has to write a whole URL as it should be: a name may stand where a query seems to.
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

/** Fit for a terminal and a log. A slice would keep the whole of what the client has sent in memory. */
function shown(text: string): string {
  const isLong = text.length > SHOWN_URL;
  const start = isLong ? `${text.slice(0, SHOWN_URL)}…` : text;
  // Nearly all are like this, and what follows takes ten times as long.
  if (/^[ -~]*$/.test(start)) return Buffer.from(start, 'latin1').toString('latin1');
  return Buffer.from(start.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')).toString();
}
