/* The bytes of HTTP/2: frames of RFC 9113, 6, and header blocks of RFC 7541 that compress nothing. */

export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
const PADDED = 8;

const empty: Buffer = Buffer.alloc(0);

export function frame(type: number, flags: number, stream: number, payload = empty): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number >>> 0, 4 * index);
  return bytes;
}

export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * pairs.length);
  for (const [index, [id, value]] of pairs.entries()) {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value >>> 0, 6 * index + 2);
  }
  return frame(types.settings, 0, 0, payload);
}

/** What a client says first of all, and that it has heard the server's settings. */
export const opening: Buffer = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  settings(),
  frame(types.settings, ACK, 0),
]);

type Field = readonly [name: string, value: string];

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([whole(bytes.length), bytes]);
}

/** A number with a prefix of seven bits. */
function whole(number: number): Buffer {
  if (number < 127) return Buffer.of(number);
  const bytes = [127];
  let rest = number - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** Literal fields, without an index. */
export function block(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)])),
  );
}

/** The fields of a request. */
export function request(method: string, ...others: readonly Field[]): Buffer {
  return block(
    [':method', method],
    [':scheme', 'http'],
    [':authority', 'localhost'],
    [':path', '/'],
    ...others,
  );
}

const getFields: Buffer = request('GET');

/** A whole request without a body. */
export const ask = (stream: number): Buffer =>
  frame(types.headers, END_STREAM | END_HEADERS, stream, getFields);

/** The head of one that has a body. */
export const post = (stream: number, ...others: readonly Field[]): Buffer =>
  frame(types.headers, END_HEADERS, stream, request('POST', ...others));

export const data = (stream: number, bytes: Buffer | string, isLast = false): Buffer =>
  frame(types.data, isLast ? END_STREAM : 0, stream, Buffer.from(bytes as string));

export const padded = (stream: number, padding: number): Buffer =>
  frame(types.data, PADDED, stream, Buffer.alloc(padding + 1, padding));

export const resetStream = (stream: number, code = 8): Buffer =>
  frame(types.reset, 0, stream, uint32(code));

export const goaway = (lastStream: number, code = 0): Buffer =>
  frame(types.goaway, 0, 0, uint32(lastStream, code));

export const windowUpdate = (stream: number, bytes: number): Buffer =>
  frame(types.window, 0, stream, uint32(bytes));

export const ping = (flags = 0): Buffer => frame(types.ping, flags, 0, Buffer.alloc(8, 7));

/** The ids of a client's streams: odd ones. */
export const streamId = (index: number): number => 2 * index + 1;
