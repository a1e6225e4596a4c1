import { pause, type Shapes, times } from '../script.ts';
import { chunk, get, head, host, lastChunk } from './http1-head.ts';
import {
  ask,
  data,
  opening,
  ping,
  post,
  resetStream,
  settings,
  streamId,
  windowUpdate,
} from './http2-bytes.ts';
import { textFrame, upgrade } from './web-sockets.ts';

const join = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(times(count, make));

const part = Buffer.alloc(60_000, 'x');

/** Much of one thing over one connection: what each costs must not grow with their number. */
export const heavy = {
  http1: {
    'pipelined 20 000': () => [get.repeat(20_000)],
    'chunks of a byte, 20 000': () => [
      head('POST / HTTP/1.1', host, 'Transfer-Encoding: chunked'),
      chunk('x').repeat(20_000) + lastChunk,
    ],
    'pipelined uploads, 2000': () => [
      (head('POST / HTTP/1.1', host, 'Content-Length: 200') + 'x'.repeat(200)).repeat(2000),
    ],
  },
  http2: {
    'rapid reset, 1000': () => [
      opening,
      join(1000, (index) => Buffer.concat([ask(streamId(index)), resetStream(streamId(index))])),
    ],
    'streams, 2000': () => [
      opening,
      ...times(40, (wave) => [
        join(50, (index) => ask(streamId(50 * wave + index))),
        pause(20),
      ]).flat(),
    ],
    'PING, 20 000': () => [
      opening,
      ...times(20, () => [join(1000, () => ping()), pause(5)]).flat(),
    ],
    'SETTINGS, 900': () => [opening, join(900, () => settings())],
    'WINDOW_UPDATE, 20 000': () => [opening, post(1), join(20_000, () => windowUpdate(0, 1))],
    'DATA of a byte, 20 000': () => [opening, post(1), join(20_000, () => data(1, 'x'))],
  },
  webSocket: {
    'messages, 10 000': () => [upgrade, pause(50), join(10_000, () => textFrame('x'))],
    'upgrades that fail, 200': () => [get.repeat(200), upgrade.replace('13', '99')],
  },
  stream: {
    'lines, 2000': () => times(2000, () => 'line\n'),
    'many megabytes': () => times(200, () => part),
  },
  handshake: {},
} as const satisfies Record<string, Shapes>;
