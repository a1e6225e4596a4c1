import type { ServerResponse } from 'node:http';
import { attempt } from '../../primitives/attempt.ts';

/** The status of an upgrade. Its `Connection` header names the protocol, and HTTP ends there. */
const SWITCHING_PROTOCOLS = 101;

type Value = number | string | readonly string[] | undefined;

/**
 * Lets an HTTP/1 response say `Connection: close`, whatever its handler sets: a proxy may copy
 * `keep-alive` from its upstream. Other options in the handler's `Connection` stay. If
 * `writeHead()` of the response is wrapped already, that wrapper runs after this one, and has the
 * last word.
 *
 * Every way to send headers calls the response's `writeHead()`, which is wrapped for that reason.
 * No header is set here: a set header would change how `writeHead()` reads an array of headers.
 *
 * @returns What takes it back, until the head is written.
 */
export function sayClose(response: ServerResponse): () => void {
  const { shouldKeepAlive } = response;
  let isLast = true;
  const own = Object.hasOwn(response, 'writeHead') ? writeHeadOf(response) : undefined;
  const writeHead = (...args: unknown[]): unknown => {
    const isHeadOfLast = isLast && !response.headersSent && Number(args[0]) !== SWITCHING_PROTOCOLS;
    const changed = isHeadOfLast ? attempt(() => withClose(response, args)) : undefined;
    // A framework may have changed the prototype of the response meanwhile.
    const write = own ?? writeHeadOf(Object.getPrototypeOf(response) as object);
    return Reflect.apply(write, response, changed ?? args);
  };
  response.shouldKeepAlive = false;
  const property = { value: writeHead, configurable: true, writable: true };
  // Its owner may have locked the property.
  attempt(() => Object.defineProperty(response, 'writeHead', property));
  return () => {
    isLast = false;
    if (!response.headersSent) response.shouldKeepAlive = shouldKeepAlive;
  };
}

function writeHeadOf(owner: object): (...args: unknown[]) => unknown {
  return Reflect.get(owner, 'writeHead') as (...args: unknown[]) => unknown;
}

/** The arguments of `writeHead()`, with `close`. */
function withClose(response: ServerResponse, args: readonly unknown[]): unknown[] {
  response.shouldKeepAlive = false;
  const set = response.getHeader('connection');
  if (set !== undefined) response.setHeader('Connection', closing(set));
  const [status, message, third] = args;
  const hasMessage = typeof message === 'string';
  const given = hasMessage ? third : (third ?? message);
  const headers = headersWithClose(given, set !== undefined);
  return hasMessage ? [status, message, headers] : [status, headers];
}

/** @param isSet - Whether the response has a `Connection` header already. */
function headersWithClose(headers: unknown, isSet: boolean): unknown {
  if (!Array.isArray(headers)) return objectWithClose(headers as Record<string, Value>, isSet);
  let isSaid = isSet;
  const change = (name: unknown, value: Value): Value => {
    if (!isConnection(name)) return value;
    isSaid = true;
    return closing(value);
  };
  if (Array.isArray(headers[0])) {
    const pairs = headers.map(([name, value]: [unknown, Value]) => [name, change(name, value)]);
    return isSaid ? pairs : [...pairs, ['Connection', 'close']];
  }
  const flat = headers.map((item: Value, at) =>
    at % 2 === 1 ? change(headers[at - 1], item) : item,
  );
  return isSaid ? flat : [...flat, 'Connection', 'close'];
}

function objectWithClose(headers: Record<string, Value> | undefined, isSet: boolean): unknown {
  const changed = { ...headers };
  const names = Object.keys(changed).filter(isConnection);
  for (const name of names) changed[name] = closing(changed[name]);
  if (names.length === 0 && !isSet) changed['Connection'] = 'close';
  return changed;
}

function isConnection(name: unknown): boolean {
  return typeof name === 'string' && name.toLowerCase() === 'connection';
}

/** The value of a `Connection` header, with `close` in place of `keep-alive`. */
function closing<Given extends Value>(value: Given): Given | string {
  const options = [value].flat().join(',').split(',');
  const others = options.map((option) => option.trim()).filter((option) => option !== '');
  if (others.some((option) => option.toLowerCase() === 'close')) return value;
  const kept = others.filter((option) => option.toLowerCase() !== 'keep-alive');
  return ['close', ...kept].join(', ');
}
