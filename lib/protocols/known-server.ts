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

/** A server as it was recognised. Nothing is attached to it before one of its methods is called. */
export interface KnownServer {
  /** What it is called in an error message. */
  readonly name: string;
  /** The connections that it brings when no event is asked for. */
  readonly connections: Protocol;
  /** Those of the events that can be asked for. */
  readonly byEvent: Readonly<Record<string, Protocol>>;
  /** Whether idle connections end with the listener, whatever one does: it is closed after them. */
  readonly endsIdle?: boolean;
  /** The server whose listener it uses, and which brings its connections. */
  readonly host?: EventEmitter | undefined;
  /** It is closed: refuses what the host still brings, as long as that listens. */
  refuseFromHost?(): void;
  /** Of one whose connections other servers bring: whether one of those takes its last call. */
  readonly waitsForHost?: () => boolean;
  /** Whether its `close()` may end what it has brought: it is closed after that. */
  readonly closesLast?: boolean;
  /** Whether its listener is open; `undefined` if nothing but `'close'` tells. */
  isListening(): boolean | undefined;
  /** Closes its listener, and nothing else: not the HTTP/2 sessions that are followed. */
  close(): void;
  /** Follows its TLS handshakes. Not there if it has none. */
  handshakes?(): HandshakeTracker;
  /** Ends handshakes that have failed, where Node leaves that to a listener. @returns What stops it. */
  endFailedHandshakes?(): () => void;
  /** Follows the connections that bring its requests. Not there if it has none. */
  carriers?(): CarrierTracker;
  /** Follows the sockets of a listener that it keeps to itself. Not there if it has none. */
  privateSockets?(): PrivateSockets;
  /** Follows the clients that have left HTTP: its own, or those of servers that are attached to it. */
  upgraded?(host: UpgradedHost): UpgradedTracker;
}
