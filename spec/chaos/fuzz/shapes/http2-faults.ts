import { end, pause, type Shapes, times } from '../script.ts';
import { get } from './http1-head.ts';
import {
  ACK,
  ask,
  block,
  END_HEADERS,
  END_STREAM,
  frame,
  opening,
  request,
  settings,
  types,
} from './http2-bytes.ts';

const headers = (payload: Buffer): Buffer =>
  frame(types.headers, END_HEADERS | END_STREAM, 1, payload);

/** What is no HTTP/2, or hardly. */
export const http2Faults: Shapes = {
  'a preface alone': () => ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  'half a preface': () => ['PRI * HTTP/2.0\r\n\r\nS'],
  'half a preface, and the end': () => ['PRI * HT', end],
  'an opening alone': () => [opening],
  'no SETTINGS': () => ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', ask(1)],
  'HTTP/1 for HTTP/2': () => [get],
  'garbage behind the opening': (draw) => [
    opening,
    Buffer.from(times(draw.between(9, 900), () => draw.between(0, 255))),
  ],
  'half a frame': (draw) => [opening, ask(1).subarray(0, draw.between(1, 30))],
  'half a frame, and the end': () => [opening, ask(1).subarray(0, 12), end],
  'a frame by the byte': () => [
    opening,
    ...[...ask(1)].flatMap((byte) => [Buffer.of(byte), pause(1)]),
  ],
  'a frame that is too large': () => [opening, frame(types.data, 0, 1, Buffer.alloc(20_000))],
  'bad HPACK': (draw) => [
    opening,
    headers(
      Buffer.from(draw.oneOf(['ffffffffff7f', '80', 'be', '0085ff', '3fffffff7f', '00']), 'hex'),
    ),
  ],
  'an HPACK table that shrinks': () => [
    opening,
    headers(Buffer.from('203fe11f2082868441016a', 'hex')),
  ],
  'an HPACK bomb': () => [
    opening,
    headers(
      Buffer.concat([Buffer.from('40017801', 'hex'), Buffer.from('y'), Buffer.alloc(9000, 0xbe)]),
    ),
  ],
  'large fields': (draw) => [
    opening,
    frame(types.headers, END_STREAM, 1, request('GET', ['x', 'y'.repeat(16_000)])),
    ...times(draw.between(0, 8), () =>
      frame(types.continuation, 0, 1, block(['z', 'z'.repeat(16_000)])),
    ),
    frame(types.continuation, END_HEADERS, 1),
  ],
  'no pseudo headers': () => [opening, headers(block(['x', 'y']))],
  'pseudo headers over again': () => [opening, headers(request('GET', [':path', '/b']))],
  'upper-case fields': () => [opening, headers(request('GET', ['Upper', 'case']))],
  'fields of a connection': (draw) => [
    opening,
    headers(
      request('GET', [draw.oneOf(['connection', 'upgrade', 'te', 'transfer-encoding']), 'chunked']),
    ),
  ],
  'odd method': (draw) => [opening, headers(request(draw.oneOf(['', 'get', 'PRI', 'A B'])))],
  'SETTINGS that are no settings': (draw) => [
    opening,
    draw.oneOf([
      frame(types.settings, 0, 1),
      frame(types.settings, 0, 0, Buffer.alloc(5)),
      frame(types.settings, ACK, 0, Buffer.alloc(6)),
      settings([4, 2 ** 32 - 1]),
      settings([5, 1]),
      settings([2, 7]),
    ]),
    ask(1),
  ],
  'many SETTINGS in one': () => [
    opening,
    settings(...times(2000, (index) => [index % 9, index] as const)),
  ],
  'frames of wrong length': (draw) => [
    opening,
    frame(draw.oneOf([types.ping, types.window, types.reset, types.goaway]), 0, 0, Buffer.alloc(3)),
  ],
  'CONTINUATION for nobody': () => [opening, frame(types.continuation, END_HEADERS, 1)],
  'a stream within a header block': () => [
    opening,
    frame(types.headers, 0, 1, request('GET')),
    ask(3),
  ],
};
