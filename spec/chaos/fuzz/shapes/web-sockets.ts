import { deafen, end, pause, reset, type Shapes, times, wait } from '../script.ts';
import { get, head, host } from './http1-head.ts';

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const version = 'Sec-WebSocket-Version: 13';
const asking = [host, 'Connection: Upgrade', 'Upgrade: websocket'];

export const upgrade: string = head('GET / HTTP/1.1', ...asking, key, version);

/** A frame, masked with zeros: RFC 6455, 5.2. */
function frame(opcode: number, payload: string | Buffer = '', final = true): Buffer {
  const bytes = Buffer.from(payload as string);
  const length = Buffer.alloc(bytes.length < 126 ? 1 : 3);
  if (bytes.length < 126) length.writeUInt8(bytes.length + 128);
  else {
    length.writeUInt8(126 + 128);
    length.writeUInt16BE(bytes.length, 1);
  }
  return Buffer.concat([Buffer.of((final ? 128 : 0) + opcode), length, Buffer.alloc(4), bytes]);
}

export const textFrame = (text: string): Buffer => frame(1, text);

const code = (number: number): Buffer => Buffer.of(number >> 8, number & 255);

/** WebSockets: the handshake, and frames behind it. */
export const webSockets: Shapes = {
  'a WebSocket': () => [upgrade, wait],
  'a WebSocket that talks': () => [upgrade, wait, frame(1, 'one'), frame(2, 'two'), pause(20)],
  'frames with the handshake': () => [Buffer.concat([Buffer.from(upgrade), frame(1, 'one')])],
  'a WebSocket that closes': () => [upgrade, wait, frame(8, code(1000))],
  'close, and more': () => [upgrade, wait, frame(8, code(1000)), frame(1, 'more'), frame(8)],
  'odd close codes': (draw) => [
    upgrade,
    wait,
    frame(8, draw.oneOf([code(999), code(1005), code(5000), Buffer.of(3)])),
  ],
  'invalid frames': (draw) => [
    upgrade,
    wait,
    draw.oneOf([
      Buffer.from('ff8000000000', 'hex'),
      frame(3, 'x'),
      frame(9, 'x'.repeat(200)),
      Buffer.from('810161', 'hex'),
      frame(0, 'x'),
      frame(1, Buffer.from('fffe', 'hex')),
    ]),
  ],
  'a flood of pings': (draw) => [
    upgrade,
    wait,
    Buffer.concat(times(draw.oneOf([20, 500]), () => frame(9, 'ping'))),
  ],
  'fragments without an end': () => [
    upgrade,
    wait,
    frame(1, 'one', false),
    Buffer.concat(times(300, () => frame(0, 'x', false))),
  ],
  'half a frame of a WebSocket': () => [upgrade, wait, frame(1, 'one two').subarray(0, 4)],
  'a deaf WebSocket': () => [
    upgrade,
    wait,
    deafen,
    ...times(9, () => frame(1, 'x'.repeat(60_000))),
  ],
  'a WebSocket, and a reset': (draw) => [upgrade, ...(draw.chance(0.5) ? [wait] : []), reset],
  'a WebSocket, and the end': (draw) => [upgrade, ...(draw.chance(0.5) ? [wait] : []), end],
  'a bad key': () => [head('GET / HTTP/1.1', ...asking, 'Sec-WebSocket-Key: x', version)],
  'a bad version': () => [head('GET / HTTP/1.1', ...asking, key, 'Sec-WebSocket-Version: 99')],
  'POST for a WebSocket': () => [
    head('POST / HTTP/1.1', ...asking, key, version, 'Content-Length: 4'),
    'body',
  ],
  'extensions that are none': () => [
    head('GET / HTTP/1.1', ...asking, key, version, 'Sec-WebSocket-Extensions: a;;=b"'),
  ],
  'no WebSocket': () => [get, wait, upgrade],
  'upgrades upon upgrades': () => [upgrade + upgrade],
  'a late upgrade': (draw) => [
    upgrade.slice(0, 20),
    pause(draw.between(20, 300)),
    upgrade.slice(20),
  ],
};
