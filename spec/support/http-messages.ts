/** The messages that a raw HTTP/1 client sends and receives. */

export const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

export const post = (path: string, length: number): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`;

export const upgrade = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`;

/** A request with a header `Expect`. */
export const expecting = (request: string, what = '100-continue'): string =>
  request.replace('\r\n\r\n', `\r\nExpect: ${what}\r\n\r\n`);

/** A server's answer to an upgrade. */
export const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';

/** Splits the bytes of a connection into answers, each with its body. */
export function answersIn(text: string): string[] {
  return text.split(/(?=HTTP\/1\.1 )/);
}

export const saysClose = (answer: string): boolean => /\r\nconnection: close\r\n/i.test(answer);
