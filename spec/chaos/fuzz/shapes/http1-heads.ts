import { type Shapes, times } from '../script.ts';
import { get, head, host } from './http1-head.ts';

const having = (...headers: readonly string[]): string => head('GET / HTTP/1.1', ...headers);
const upgrade = (protocol: string, ...headers: readonly string[]): string =>
  having(host, 'Connection: Upgrade', `Upgrade: ${protocol}`, ...headers);

/** Headers, and what leaves HTTP/1. */
export const http1Heads: Shapes = {
  'no Host': () => [having()],
  'two Hosts': () => [having(host, 'Host: other')],
  'many headers': (draw) => [
    having(host, ...times(draw.oneOf([90, 500, 2500]), (index) => `X-${index}: ${index}`)),
  ],
  'a huge header': (draw) => [
    having(host, `X: ${'x'.repeat(draw.oneOf([15_000, 17_000, 90_000]))}`),
  ],
  'one header over and over': () => [having(host, ...times(300, () => 'Cookie: a=b'))],
  'a header without a colon': () => [having(host, 'nothing')],
  'a folded header': () => [having(host, 'X: one\r\n two\r\n\tthree')],
  'odd bytes in a header': (draw) => [
    having(host, `X: a${draw.oneOf(['\0', '\u0001', '\u00ff', '\r'])}b`),
  ],
  'a space before the colon': () => [having(host, 'X : y')],
  'no header name': () => [having(host, ': y')],
  'bare line feeds': () => [get.replaceAll('\r\n', '\n')],
  'bare carriage returns': () => [get.replaceAll('\r\n', '\r')],
  'odd Connection': (draw) => [
    having(
      host,
      `Connection: ${draw.oneOf(['close, keep-alive', 'x', '', 'close, upgrade', 'TE'])}`,
    ),
    get,
  ],
  'odd Keep-Alive': () => [
    having(host, 'Connection: keep-alive', 'Keep-Alive: timeout=0, max=0'),
    get,
  ],
  __proto__header: () => [having(host, '__proto__: a', 'constructor: b', 'hasOwnProperty: c')],
  'an upgrade': () => [upgrade('x')],
  'an upgrade, and bytes': () => [`${upgrade('x')}bytes of another protocol`],
  'an upgrade with a body': () => [upgrade('x', 'Content-Length: 4'), 'body', get],
  'an upgrade with chunks': () => [
    upgrade('x', 'Transfer-Encoding: chunked'),
    '4\r\nbody\r\n0\r\n\r\n',
  ],
  'an upgrade that expects': () => [
    upgrade('x', 'Expect: 100-continue', 'Content-Length: 4'),
    'body',
  ],
  'an upgrade behind requests': (draw) => [get.repeat(draw.between(1, 20)) + upgrade('x')],
  'a request behind an upgrade': () => [upgrade('x') + get],
  'Upgrade without Connection': () => [having(host, 'Upgrade: x'), get],
  'Connection without Upgrade': () => [having(host, 'Connection: Upgrade'), get],
  'an upgrade of several': () => [upgrade('h2c, websocket, x')],
  'an upgrade in HTTP/1.0': () => [head('GET / HTTP/1.0', 'Connection: Upgrade', 'Upgrade: x')],
  'an upgrade to h2c': () => [
    having(host, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ],
  CONNECT: () => [head('CONNECT a:1 HTTP/1.1', 'Host: a:1'), 'bytes'],
  'CONNECT with a length': () => [head('CONNECT a:1 HTTP/1.1', host, 'Content-Length: 4'), 'body'],
  'CONNECT behind a request': () => [get + head('CONNECT a:1 HTTP/1.1', host)],
  'CONNECT to a path': () => [head('CONNECT /path HTTP/1.1', host)],
};
