import { pause, type Shapes, times, wait } from '../script.ts';
import { chunk, get, head, host, lastChunk } from './http1-head.ts';

const post = (...headers: readonly string[]): string =>
  head('POST /body HTTP/1.1', host, ...headers);
const length = (bytes: number | string): string => `Content-Length: ${bytes}`;
const CHUNKED = 'Transfer-Encoding: chunked';

/** Bodies: by their length, in chunks, by both; and the client that asks before it sends one. */
export const http1Bodies: Shapes = {
  'a body': (draw) => [post(length(4)), 'body', ...(draw.chance(0.5) ? [get] : [])],
  'a large body': (draw) =>
    times(draw.between(1, 3), () => post(length(200_000)) + 'b'.repeat(2e5)),
  'a body too short': () => [post(length(100)), 'short'],
  'a body too long': () => [post(length(4)), 'body and more of it\r\n\r\n'],
  'a body that pauses': () => [post(length(9)), 'one', pause(60), 'two', pause(60), 'six'],
  'GET with a body': () => [head('GET / HTTP/1.1', host, length(3)), 'abc', get],
  'length said twice': () => [post(length(4), length(4)), 'body', get],
  'two lengths': () => [post(length(4), length(5)), 'body!', get],
  'odd length': (draw) => [
    post(length(draw.oneOf(['-1', '+4', '0x4', '', '4,4', '1e1', ' 4 ']))),
    'body',
  ],
  'huge length': (draw) => [post(length(draw.oneOf(['99999999999999999999', 2 ** 53])), 'x')],
  'length and chunks': () => [post(length(4), CHUNKED), chunk('body'), lastChunk, get],
  chunks: () => [post(CHUNKED), chunk('one'), chunk('two'), lastChunk, get],
  'chunks of a byte': (draw) => [
    post(CHUNKED),
    times(draw.between(300, 1500), () => chunk('x')).join(''),
    lastChunk,
  ],
  'chunks without the last': () => [post(CHUNKED), chunk('one'), chunk('two')],
  'chunk extensions': (draw) => [
    post(CHUNKED),
    chunk('one', `;a=b;${'c'.repeat(draw.oneOf([10, 1000, 20_000]))}`),
    lastChunk,
  ],
  'a chunk of odd size': (draw) => [
    post(CHUNKED),
    `${draw.oneOf(['-1', 'zz', '0x4', '', '4 ', 'f'.repeat(17), '00000000004'])}\r\nbody\r\n`,
    lastChunk,
  ],
  'chunks with bare line feeds': () => [post(CHUNKED), '4\nbody\n0\n\n', get],
  'trailers after chunks': () => [
    post(CHUNKED, 'Trailer: x-end'),
    chunk('body'),
    '0\r\nX-End: 1\r\n\r\n',
    get,
  ],
  'forbidden trailers': () => [
    post(CHUNKED),
    chunk('body'),
    '0\r\nContent-Length: 9\r\nHost: b\r\nTransfer-Encoding: x\r\n\r\n',
  ],
  'chunked twice': () => [post('Transfer-Encoding: chunked, chunked'), chunk('body'), lastChunk],
  'chunked, but not last': () => [
    post('Transfer-Encoding: chunked, gzip'),
    chunk('body'),
    lastChunk,
  ],
  'other encodings': (draw) => [
    post(`Transfer-Encoding: ${draw.oneOf(['identity', 'gzip, chunked', 'xchunked', ''])}`),
    chunk('body'),
    lastChunk,
  ],
  'chunks in HTTP/1.0': () => [head('POST / HTTP/1.0', CHUNKED), chunk('body'), lastChunk],
  'Expect, then the body': () => [post(length(4), 'Expect: 100-continue'), wait, 'body', wait, get],
  'Expect with the body': () => [post(length(4), 'Expect: 100-continue') + 'body' + get],
  'Expect without a body': () => [post(length(4), 'Expect: 100-continue'), wait],
  'Expect, several': () => [times(9, () => post(length(1), 'Expect: 100-continue') + 'x').join('')],
  'Expect something else': () => [post(length(4), 'Expect: the unexpected'), 'body', get],
  'Expect in HTTP/1.0': () => [head('POST / HTTP/1.0', 'Expect: 100-continue', length(4)), 'body'],
};
