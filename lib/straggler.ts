/** What had to be ended by force. */
export interface Straggler {
  /**
   * A connection; an HTTP request, whole or half sent; a TLS handshake; or a socket that left HTTP
   * by an upgrade.
   */
  readonly kind: 'connection' | 'request' | 'handshake' | 'upgrade';
  /** The client's address when it was accepted. A Unix socket has none. */
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

/** Where a client is, and since when. A socket knows no address any more once it was reset. */
export class Origin {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Of `performance.now()`. */
  readonly since: number = performance.now();

  constructor(socket: Addressed | null | undefined) {
    this.remoteAddress = socket?.remoteAddress;
    this.remotePort = socket?.remotePort;
  }

  straggler(kind: Straggler['kind']): Straggler {
    const { remoteAddress, remotePort, since } = this;
    return { kind, remoteAddress, remotePort, age: performance.now() - since };
  }
}

/** Is told of each one, and of the object that it was: a socket, a session. */
export type OnStraggler = (straggler: Straggler, subject: object) => void;
