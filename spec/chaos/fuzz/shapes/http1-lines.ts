import { type Shapes, times } from '../script.ts';
import { get, head, host } from './http1-head.ts';

/** Versions, methods and targets. */
export const http1Lines: Shapes = {
  'a GET': () => [get],
  'HTTP/0.9': () => ['GET /\r\n'],
  'HTTP/1.0': () => [head('GET / HTTP/1.0')],
  'HTTP/1.0 kept alive': () => times(3, () => head('GET / HTTP/1.0', 'Connection: keep-alive')),
  'HTTP/2.0 in a line': (draw) => times(draw.between(1, 3), () => head('GET / HTTP/2.0', host)),
  'HTTP/3.0 in a line': () => [head('GET / HTTP/3.0', host)],
  'HTTP/2.0 with a body': () => [head('POST / HTTP/2.0', host, 'Content-Length: 4'), 'body'],
  'HTTP/2.0 upgrade': () => [
    head('GET / HTTP/2.0', host, 'Connection: Upgrade', 'Upgrade: websocket'),
  ],
  'HTTP/2.0 CONNECT': () => [head('CONNECT a:1 HTTP/2.0', host), 'bytes'],
  'HTTP/2.0 Expect': () => [
    head('POST / HTTP/2.0', host, 'Expect: 100-continue', 'Content-Length: 1'),
    'x',
  ],
  'odd version': (draw) => [
    head(`GET / ${draw.oneOf(['HTTP/1.2', 'HTTP/9.9', 'http/1.1', 'HTTP/1', 'HTTP/1.1.1', 'X'])}`),
  ],
  'odd method': (draw) => [
    head(`${draw.oneOf(['PROPFIND', 'M-SEARCH', 'PURGE', 'QUERY', 'SOURCE'])} / HTTP/1.1`, host),
  ],
  'unknown method': (draw) => [head(`${draw.oneOf(['get', 'GETT', 'X', ''])} / HTTP/1.1`, host)],
  HEAD: () => [head('HEAD / HTTP/1.1', host), get],
  TRACE: () => [head('TRACE / HTTP/1.1', host)],
  'OPTIONS *': () => [head('OPTIONS * HTTP/1.1', host)],
  'GET *': () => [head('GET * HTTP/1.1', host)],
  'absolute form': () => [head('GET http://other.example:81/a?b HTTP/1.1', host)],
  'authority form': () => [head('GET other.example:81 HTTP/1.1', host)],
  'empty target': () => [head('GET  HTTP/1.1', host)],
  'huge target': (draw) => [
    head(`GET /${'a'.repeat(draw.between(15_000, 70_000))} HTTP/1.1`, host),
  ],
  'odd target': () => [head('GET /\u00ff\u00fe%00%zz/../..//\u007f HTTP/1.1', host)],
  'blank lines before': () => ['\r\n'.repeat(40), get],
  'an answer for a request': () => ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  'PROXY version 1': () => ['PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n', get],
  'PROXY version 2': () => [
    Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000201c000020213880050', 'hex'),
    get,
  ],
};
