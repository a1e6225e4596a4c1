/**
 * The ways to stop, as their server process is told: protocol, way, and of the package the option
 * that is 0. `destroy` is what they are compared with.
 */
export const wayNames = [
  'tcp destroy',
  'tcp serve grace',
  'tcp drain grace',
  'http destroy',
  'http serve grace',
  'http drain grace',
  'http serve idle',
  'http drain idle',
] as const;

export type WayName = (typeof wayNames)[number];
