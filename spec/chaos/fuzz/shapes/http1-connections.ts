import { deafen, end, pause, reset, type Shapes, times, wait } from '../script.ts';
import { get, head, host, lastGet } from './http1-head.ts';

const post = (body: string): string =>
  head('POST / HTTP/1.1', host, `Content-Length: ${body.length}`) + body;

/** Whole connections: several requests, parts of them, and the ways to leave. */
export const http1Connections: Shapes = {
  nothing: () => [],
  'an end at once': () => [end],
  'a reset at once': () => [reset],
  'half a head': (draw) => [get.slice(0, draw.between(1, get.length - 1))],
  'half a head behind a request': () => [get + get.slice(0, 9)],
  'half a head, and the end': (draw) => [get.slice(0, draw.between(1, get.length - 1)), end],
  'a head by the byte': () => get.split('').flatMap((byte) => [byte, pause(2)]),
  'a request, and the end': () => [get, end],
  'a request, and a reset': (draw) => [get, ...(draw.chance(0.5) ? [wait] : []), reset],
  'requests in turn': (draw) => times(draw.between(2, 9), () => [get, wait, pause(9)]).flat(),
  'rests between requests': (draw) => [get, wait, pause(draw.between(50, 250)), get, wait, get],
  pipelined: (draw) => [get.repeat(draw.between(2, 30))],
  'pipelined 500': () => [get.repeat(500)],
  'pipelined 500, and the end': () => [get.repeat(500), end],
  'pipelined 500, and a reset': (draw) => [get.repeat(500), pause(draw.between(0, 20)), reset],
  'pipelined, and half of one': (draw) => [get.repeat(draw.between(2, 90)) + get.slice(0, 12)],
  'pipelined behind the last': () => [get.repeat(3) + lastGet + get.repeat(20)],
  'pipelined uploads': (draw) => [post('x'.repeat(draw.oneOf([1, 500, 20_000]))).repeat(20)],
  'pipelined, then garbage': () => [get.repeat(9), '\x00\xff\x13 garbage \r\n\r\n'],
  'deaf, and asks a lot': () => [deafen, get.repeat(400)],
  'deaf, and uploads': () => [deafen, ...times(8, () => post('x'.repeat(50_000)))],
  'line ends alone': () => ['\r\n'.repeat(2000)],
  'a ClientHello to HTTP': () => [Buffer.from('1603010200010001fc0303', 'hex')],
  garbage: (draw) => [
    Buffer.from(times(draw.between(1, 3000), () => draw.between(0, 255))),
    ...(draw.chance(0.5) ? [end] : []),
  ],
};
