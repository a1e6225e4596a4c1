/** What the kernel says, or Node in its place, of a peer that is gone. */
const codes: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH']);

/**
 * Whether the error of a stream comes from its own transport. `pipeline()` destroys the streams
 * that it joins with the error of any of them, so a stream's error may be a handler's.
 */
export function isTransportError(error: unknown): boolean {
  const { code, syscall, library } = Object(error) as NodeJS.ErrnoException & { library?: unknown };
  if (codes.has(code) || syscall === 'read' || syscall === 'write' || syscall === 'shutdown') {
    return true;
  }
  // Of OpenSSL, of HTTP/2, of ws.
  const isProtocols = /^(ERR_SSL|ERR_HTTP2|WS_ERR)_/.test(String(code));
  return library !== undefined || isProtocols;
}
