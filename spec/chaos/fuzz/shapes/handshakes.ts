import { end, pause, reset, type Shapes } from '../script.ts';

/** A ClientHello, as its first bytes are on the wire. */
const hello = Buffer.from(
  '160301007a0100007603030000000000000000000000000000000000000000000000000000000000000000' +
    '000004130113020100004900000000000e000c0000096c6f63616c686f7374',
  'hex',
);

/** What a client says to TLS in the clear: it never becomes a connection. */
export const handshakes: Shapes = {
  'TLS: nothing': () => [],
  'half a ClientHello': (draw) => [hello.subarray(0, draw.between(1, hello.length))],
  'half a ClientHello, and the end': (draw) => [hello.subarray(0, draw.between(1, 40)), end],
  'half a ClientHello, and a reset': (draw) => [
    hello.subarray(0, draw.between(1, 40)),
    pause(draw.between(0, 30)),
    reset,
  ],
  'a ClientHello by the byte': () => [...hello].flatMap((byte) => [Buffer.of(byte), pause(2)]),
  'an alert': () => [Buffer.from('15030300020228', 'hex')],
  'a record of no type': () => [Buffer.from('ff03030005', 'hex'), 'bytes'],
  'a record that is too large': () => [
    Buffer.concat([Buffer.from('1603037fff', 'hex'), Buffer.alloc(40_000)]),
  ],
  'plain HTTP to TLS': () => ['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
};
