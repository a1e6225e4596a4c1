/** What had to be ended by force. */
export interface Straggler {
  /**
   * A connection; an HTTP request, whole or half sent; a TLS handshake; or a socket that left HTTP
   * by an upgrade.
   */
  readonly kind: 'connection' | 'request' | 'handshake' | 'upgrade';
  /** The client's address. A Unix socket has none, nor has a connection that is gone. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Milliseconds since it was accepted. */
  readonly age: number;
}

/** The part of a socket that tells where its client is. */
export interface Addressed {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/**
 * Describes one, before it is ended: then a socket knows no address any more. Nor is it asked before,
 * which would be a system call for every connection, and Node would keep the answer.
 *
 * @param since - When it was accepted, of `performance.now()`.
 */
export function stragglerOf(
  kind: Straggler['kind'],
  socket: Addressed | null | undefined,
  since: number,
): Straggler {
  const { remoteAddress, remotePort } = socket ?? {};
  return Object.freeze({ kind, remoteAddress, remotePort, age: performance.now() - since });
}

/** Is told of each one, and of the object that it was: a socket, a session. */
export type OnStraggler = (straggler: Straggler, subject: object) => void;
