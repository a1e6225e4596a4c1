/**
 * The codes with which the kernel, or Node in its place, reports that a peer is gone. Only the code
 * is compared: `syscall` is `read` for a file as well.
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
 * Whether the error of a stream comes from its own transport. `pipeline()` destroys all of its
 * streams with the error of any of them. So the error of a connection may come from a handler.
 */
export function isTransportError(error: unknown): boolean {
  const { code, library } = Object(error) as { code?: unknown; library?: unknown };
  // The codes of OpenSSL, HTTP/2 and ws.
  const isProtocols = /^(ERR_SSL|ERR_HTTP2|WS_ERR)_/.test(String(code));
  return codes.has(code) || library !== undefined || isProtocols;
}
