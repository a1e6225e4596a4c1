import type { Shapes } from '../script.ts';
import { handshakes } from './handshakes.ts';
import { http1Bodies } from './http1-bodies.ts';
import { http1Connections } from './http1-connections.ts';
import { http1Heads } from './http1-heads.ts';
import { http1Lines } from './http1-lines.ts';
import { http2Faults } from './http2-faults.ts';
import { http2Floods } from './http2-floods.ts';
import { http2Streams } from './http2-streams.ts';
import { streams } from './streams.ts';
import { webSockets } from './web-sockets.ts';

/** Every shape, by the protocol that it speaks. `handshakes` are spoken to TLS, in the clear. */
export const shapes = {
  http1: { ...http1Lines, ...http1Bodies, ...http1Heads, ...http1Connections },
  http2: { ...http2Streams, ...http2Floods, ...http2Faults },
  webSocket: webSockets,
  handshake: handshakes,
  stream: streams,
} as const satisfies Record<string, Shapes>;

export type Protocol = keyof typeof shapes;

export const protocols = Object.keys(shapes) as Protocol[];

/** A shape is known by its protocol and its name. */
export function shapeOf(protocol: Protocol, name: string): Shapes[string] {
  const shape = (shapes[protocol] as Shapes)[name];
  if (shape === undefined) throw new Error(`No shape of ${protocol} is called ${name}`);
  return shape;
}
