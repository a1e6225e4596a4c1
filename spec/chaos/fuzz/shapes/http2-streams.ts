import { end, pause, reset, type Shapes, times, wait } from '../script.ts';
import {
  ask,
  block,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  goaway,
  opening,
  ping,
  post,
  request,
  resetStream,
  settings,
  streamId,
  types,
  uint32,
  windowUpdate,
} from './http2-bytes.ts';

const headers = (stream: number, payload: Buffer): Buffer =>
  frame(types.headers, END_HEADERS, stream, payload);
const last = (stream: number, payload: Buffer): Buffer =>
  frame(types.headers, END_HEADERS | END_STREAM, stream, payload);

/** Streams that are served, and those that a server has to refuse. */
export const http2Streams: Shapes = {
  'a stream': () => [opening, ask(1)],
  'streams in turn': (draw) => [
    opening,
    ...times(draw.between(2, 6), (index) => [ask(streamId(index)), wait, pause(9)]).flat(),
  ],
  'rests between streams': (draw) => [opening, ask(1), wait, pause(draw.between(50, 250)), ask(3)],
  'a stream with a body': () => [opening, post(1), data(1, 'one'), data(1, 'two', true)],
  'a body that never ends': () => [opening, post(1), data(1, 'one')],
  'a body longer than it says': () => [
    opening,
    post(1, ['content-length', '2']),
    data(1, 'three', true),
  ],
  'more data than the window': () => [
    opening,
    post(1),
    ...times(6, () => data(1, Buffer.alloc(16_384))),
  ],
  trailers: () => [opening, post(1), data(1, 'body'), last(1, block(['x-end', '1']))],
  'trailers with a pseudo header': () => [opening, post(1), last(1, block([':path', '/']))],
  'trailers without the end': () => [opening, post(1), headers(1, block(['x-end', '1']))],
  Expect: () => [opening, post(1, ['expect', '100-continue']), wait, data(1, 'body', true)],
  'extended CONNECT': () => [
    opening,
    headers(1, request('CONNECT', [':protocol', 'websocket'])),
    data(1, 'bytes'),
  ],
  CONNECT: () => [
    opening,
    headers(1, block([':method', 'CONNECT'], [':authority', 'a:1'])),
    data(1, 'bytes'),
    pause(30),
    data(1, 'more', true),
  ],
  'ids out of order': () => [opening, ask(9), ask(5), ask(3)],
  'an even id': () => [opening, ask(2)],
  'an id over again': () => [opening, ask(1), wait, ask(1)],
  'the last id': () => [opening, ask(2 ** 31 - 1), wait, ask(1)],
  'stream 0': () => [opening, ask(0)],
  'data for nobody': (draw) => [opening, data(draw.oneOf([0, 1, 7]), 'body')],
  'data behind the end': () => [opening, ask(1), data(1, 'more', true)],
  'a reset of nobody': () => [opening, resetStream(7)],
  'a reset in mid-answer': (draw) => [opening, ask(1), pause(draw.between(1, 30)), resetStream(1)],
  'a reset in mid-body': (draw) => [
    opening,
    post(1),
    data(1, 'one'),
    pause(draw.between(0, 20)),
    resetStream(1, draw.oneOf([0, 2, 7, 8, 13])),
  ],
  'leaves in mid-stream': (draw) => [opening, ask(1), post(3), pause(draw.between(0, 9)), reset],
  'ends in mid-stream': () => [opening, ask(1), post(3), end],
  'GOAWAY from the client': (draw) => [
    opening,
    ask(1),
    goaway(0, draw.oneOf([0, 0, 1, 11, 13])),
    ...(draw.chance(0.5) ? [ask(3)] : []),
  ],
  'GOAWAY, first of all': () => [opening, goaway(2 ** 31 - 1), ask(1)],
  'PING answers for nobody': () => [opening, ping(1), ask(1)],
  'a PUSH_PROMISE from the client': () => [opening, frame(types.push, END_HEADERS, 1, uint32(2))],
  'a window of zero': () => [
    opening,
    settings([4, 0]),
    ask(1),
    ask(3),
    pause(50),
    settings([4, 9]),
  ],
  'a window that overflows': (draw) => [
    opening,
    post(1),
    windowUpdate(draw.oneOf([0, 1]), 2 ** 31 - 1),
    windowUpdate(draw.oneOf([0, 1]), 2 ** 31 - 1),
  ],
  'a window that grows by nothing': (draw) => [
    opening,
    post(1),
    windowUpdate(draw.oneOf([0, 1]), 0),
  ],
};
