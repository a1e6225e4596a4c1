import { deafen, end, pause, reset, type Shapes, times } from '../script.ts';

const part = Buffer.alloc(60_000, 'x');

/** For servers that know no protocol. */
export const streams: Shapes = {
  'a line': () => ['hello\n'],
  'lines, and the end': (draw) => [...times(draw.between(1, 9), () => 'line\n'), end],
  'lines with pauses': (draw) => times(9, () => ['line\n', pause(draw.between(0, 40))]).flat(),
  'a line, and a reset': (draw) => ['line\n', pause(draw.between(0, 20)), reset],
  'many bytes': (draw) => times(draw.between(1, 20), () => part),
  'many bytes, and the end': () => [...times(9, () => part), end],
  'many bytes, deaf': () => [deafen, ...times(20, () => part)],
};
