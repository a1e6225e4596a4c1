/** A request line with its headers, and the empty line behind them. */
export function head(line: string, ...headers: readonly string[]): string {
  return [line, ...headers, '', ''].join('\r\n');
}

export const host = 'Host: localhost';

/** A request that any server answers. */
export const get: string = head('GET /get HTTP/1.1', host);

export const lastGet: string = head('GET /last HTTP/1.1', host, 'Connection: close');

export function chunk(bytes: string, extension = ''): string {
  return `${bytes.length.toString(16)}${extension}\r\n${bytes}\r\n`;
}

export const lastChunk = '0\r\n\r\n';
