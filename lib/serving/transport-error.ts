/**
 * What the kernel says of a peer that is gone, or Node in its place. By code alone: `syscall` is
 * `read` for a file as well.
 */
const codes: ReadonlySet<unknown> = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTCONN',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * Whether the error of a stream comes from its own transport. `pipeline()` destroys the streams
 * that it joins with the error of any of them, so a stream's error may be a handler's.
 */
export function isTransportError(error: unknown): boolean {
  const { code, library } = Object(error) as { code?: unknown; library?: unknown };
  // Of OpenSSL, of HTTP/2, of ws.
  const isProtocols = /^(ERR_SSL|ERR_HTTP2|WS_ERR)_/.test(String(code));
  return codes.has(code) || library !== undefined || isProtocols;
}
