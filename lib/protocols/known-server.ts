/* c8 ignore start -- types alone: nothing of this file is left to run */
import type { EventEmitter } from 'node:events';
import type { Protocol } from './protocol.ts';
import type { PrivateSockets } from './private-sockets.ts';
import type {
  CarrierTracker,
  HandshakeTracker,
  UpgradedHost,
  UpgradedTracker,
} from './trackers.ts';

/** What is known of a server. Nothing is attached to the server before a method is called. */
export interface KnownServer {
  /** The server's name in error messages. */
  readonly name: string;
  /** The connections that the server brings if no event is asked for. */
  readonly connections: Protocol;
  /** The connections of each event that may be asked for. */
  readonly byEvent: Readonly<Record<string, Protocol>>;
  /**
   * Whether closing the listener also ends idle connections (Bun). If so, the listener is closed
   * only when `idle` is over.
   */
  readonly endsIdle?: boolean;
  /** The server whose listener this one uses, and which brings its connections. */
  readonly host?: EventEmitter | undefined;
  /**
   * Called when this server is closed: refuses what the host still brings, while the host listens.
   */
  refuseFromHost?(): void;
  /** Whether a server that brings this one's connections takes its last call. */
  readonly waitsForHost?: () => boolean;
  /** Whether its `close()` may end the connections that it has brought. It is closed after them. */
  readonly closesLast?: boolean;
  /** Whether its listener is open; `undefined` if only `'close'` tells. */
  isListening(): boolean | undefined;
  /** Closes its listener, and nothing else: HTTP/2 sessions that are followed stay open. */
  close(): void;
  /** Follows the server's TLS handshakes. Missing if it has none. */
  handshakes?(): HandshakeTracker;
  /** Ends failed handshakes, if Node leaves that to a listener. @returns What stops that. */
  endFailedHandshakes?(): () => void;
  /** Follows the connections that carry the server's requests. Missing if it has none. */
  carriers?(): CarrierTracker;
  /** Follows the sockets of a listener that the server keeps private. Missing if it has none. */
  privateSockets?(): PrivateSockets;
  /** Follows clients that have left HTTP: the server's own, or those of servers attached to it. */
  upgraded?(host: UpgradedHost): UpgradedTracker;
}
