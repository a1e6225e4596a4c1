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

/** How the codes of TLS, HTTP/2 and ws begin. Other libraries of OpenSSL have other codes. */
const ofProtocols = /^(ERR_SSL|ERR_HTTP2|WS_ERR)_/;

/**
 * Whether the error of a stream comes from its own transport. `pipeline()` destroys all of its
 * streams with the error of any of them. So the error of a connection may come from a handler.
 */
export function isTransportError(error: unknown): boolean {
  try {
    const { code } = Object(error) as { code?: unknown };
    return codes.has(code) || (typeof code === 'string' && ofProtocols.test(code));
  } catch {
    // A stream can be destroyed with any object, even with one whose getters throw.
    return false;
  }
}
