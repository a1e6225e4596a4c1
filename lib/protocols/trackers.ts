/* c8 ignore start -- types alone: nothing of this file is left to run */
import type { EventEmitter } from 'node:events';
import type { End } from '../shutdown/in-slices.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import type { OnStraggler } from '../shutdown/stragglers.ts';
import type { KnownServer } from './known-server.ts';
import type { AnySocket } from './protocol.ts';

/** How long what is under way is waited for. */
export interface Patience {
  /** When the shutdown began, of `performance.now()`: what was before does not count. */
  readonly begun: number;
  /** Milliseconds for one more request. */
  readonly idle: number;
  readonly onStraggler: OnStraggler;
}

/** The handshakes of one server, which come before its connections. */
export interface HandshakeTracker {
  /** Called when one has ended, either way. */
  onChange: () => void;
  /** How many are in progress. */
  readonly size: number;
  /**
   * Whether there are TLS sockets without an address. Each is a handshake, or a connection that is
   * served: that is known only when all connections have closed.
   */
  readonly hasUnknownHandshakes: boolean;
  /** Lists those that are in progress. */
  listOpen(list: OpenList): void;
  /** Forgets those of which nobody has heard that they have gone. */
  sweep(): void;
  /** Stops following. @returns What ends each by force, and lists it. */
  force(onStraggler: OnStraggler): End[];
  /**
   * All connections of the server have closed, so each socket without an address is a handshake.
   *
   * @returns What ends and lists these handshakes.
   */
  forceUnknownHandshakes(onStraggler: OnStraggler): End[];
}

/** The connections of one server that bring its requests. */
export interface CarrierTracker {
  /** Called when a newcomer has made its first request, and when a connection has gone. */
  onChange: () => void;
  /** How many are open. */
  readonly size: number;
  /** How many have still to make their first request. */
  readonly newcomers: number;
  /** Whether one is idle, or seems so to Node. */
  readonly looksIdle: boolean;
  /** Lists those that are open. */
  listOpen(list: OpenList): void;
  /** A shutdown begins: nothing is done yet. */
  begin(): void;
  /** From now on nothing more is read of so many idle ones, until they are drained or ended. */
  holdBack(most: number): void;
  /** From now on each is told that it is to end. */
  goAway(): void;
  /** From now on ends each that has had nothing under way for a while. */
  drain(patience: Patience): void;
  /** Stops following. Ends what is idle, now and later. */
  end(): void;
  /** Stops following. @returns What ends each by force, and lists it. */
  force(onStraggler: OnStraggler): End[];
  /** Forgets those of which nobody has heard that they have gone. */
  sweep(): void;
}

/** When clients are told to go, of `performance.now()`. */
export interface GoodbyeTimes {
  /** Milliseconds in which a message counts as conversation. */
  readonly idle: number;
  /** When everybody is told. */
  readonly latest: number;
}

/** The callbacks of whoever follows upgraded clients. */
export interface UpgradedHost {
  /** One of the server's own has come, or was there: what stands for its connection. */
  readonly onClient: (subject: AnySocket) => void;
  readonly onStraggler: OnStraggler;
  /** A client has gone. */
  readonly onChange: () => void;
  /** Follows the listener of a server that is attached. Calls back when that is closed. */
  readonly watch: (server: EventEmitter, known: KnownServer, onClosed: () => void) => () => void;
  /** Somebody has closed one that is attached to the server. */
  readonly onClosed: () => void;
}

/** Clients that have left HTTP, of one server or of several that are attached to it. */
export interface UpgradedTracker {
  /** How many there are. */
  readonly size: number;
  /** Lists them. */
  listOpen(list: OpenList): void;
  /** Follows the clients of a server that is attached, too. */
  follow(server: EventEmitter, known: KnownServer): void;
  /** Has every client told that it is to go. */
  goAway(times: GoodbyeTimes): void;
  /** The listener is closed: nobody leaves HTTP any more. */
  refuse(): void;
  /** Forgets what is gone though nobody has heard of it. */
  sweep(): void;
  /** What ends all clients by force, and lists them. */
  force(): End[];
  /** Stops following. */
  unfollow(): void;
}
