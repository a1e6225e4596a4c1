import type { Draw } from '../../storm/draw.ts';
import { pause, type Shapes, times } from '../script.ts';
import {
  ask,
  block,
  data,
  END_HEADERS,
  frame,
  opening,
  padded,
  ping,
  post,
  resetStream,
  settings,
  streamId,
  types,
  windowUpdate,
} from './http2-bytes.ts';

const join = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(times(count, make));

/** A flood of one kind of frame behind the opening. */
const flood = (draw: Draw, make: (index: number) => Buffer): Buffer[] => [
  opening,
  join(draw.oneOf([20, 200, 2000]), make),
];

const askAndReset = (index: number): Buffer =>
  Buffer.concat([ask(streamId(index)), resetStream(streamId(index))]);
const postAndReset = (index: number): Buffer =>
  Buffer.concat([post(streamId(index)), resetStream(streamId(index), 0)]);

/** Much of what costs the client little. */
export const http2Floods: Shapes = {
  'rapid reset': (draw) => [opening, join(draw.oneOf([10, 100, 500]), askAndReset)],
  'rapid reset of uploads': (draw) => [opening, join(draw.oneOf([10, 100]), postAndReset)],
  'rapid reset with pauses': () => [
    opening,
    ...times(20, (index) => [ask(streamId(index)), pause(4), resetStream(streamId(index))]).flat(),
  ],
  'a flood of PING': (draw) => flood(draw, () => ping()),
  'a flood of PING answers': (draw) => flood(draw, () => ping(1)),
  'a flood of SETTINGS': (draw) => flood(draw, () => settings()),
  'a flood of SETTINGS that change': (draw) => flood(draw, (index) => settings([4, index])),
  'a flood of WINDOW_UPDATE': (draw) => flood(draw, () => windowUpdate(0, 1)),
  'a flood of PRIORITY': (draw) =>
    flood(draw, (index) => frame(types.priority, 0, streamId(index), Buffer.alloc(5, 1))),
  'a flood of empty DATA': (draw) => [
    opening,
    post(1),
    join(draw.oneOf([20, 200, 2000]), () => data(1, '')),
  ],
  'a flood of padding': () => [opening, post(1), join(100, () => padded(1, 200))],
  'a flood of CONTINUATION': (draw) => [
    opening,
    frame(types.headers, 0, 1, block([':method', 'GET'])),
    join(draw.oneOf([5, 50, 500]), (index) =>
      frame(types.continuation, 0, 1, block([`x-${index}`, 'y'.repeat(50)])),
    ),
  ],
  'empty CONTINUATIONs': () => [
    opening,
    frame(types.headers, 0, 1, block([':method', 'GET'])),
    join(200, () => frame(types.continuation, 0, 1)),
    frame(types.continuation, END_HEADERS, 1),
  ],
  'a flood of unknown frames': (draw) => flood(draw, () => frame(0xbe, 0, 0, Buffer.alloc(9))),
  'many streams': (draw) => [
    opening,
    join(draw.oneOf([20, 99, 300]), (index) => ask(streamId(index))),
  ],
};
