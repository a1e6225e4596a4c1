/* c8 ignore start -- types alone: nothing of this file is left to run */
import type { EventEmitter } from 'node:events';
import type { End } from '../shutdown/in-slices.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import type { OnStraggler } from '../shutdown/stragglers.ts';
import type { KnownServer } from './known-server.ts';
import type { AnySocket } from './protocol.ts';

/** How long a shutdown waits for what is under way. */
export interface Patience {
  /** When the shutdown began, of `performance.now()`. Time before that does not count. */
  readonly begun: number;
  /** Milliseconds that an idle connection has for one more request. */
  readonly idle: number;
  readonly onStraggler: OnStraggler;
}

/** The handshakes of one server, which come before its connections. */
export interface HandshakeTracker {
  /** Called when a handshake has ended, either way. */
  onChange: () => void;
  /** How many are in progress. */
  readonly size: number;
  /** Lists those that are in progress. */
  listOpen(list: OpenList): void;
  /** Forgets handshakes that are gone without an event. */
  sweep(): void;
  /** Stops following. @returns What ends each by force, and lists it. */
  force(onStraggler: OnStraggler): End[];
  /**
   * All connections of the server have closed. Until now, a TLS socket without an address could be
   * a handshake or a connection. Now it is certainly a handshake.
   *
   * @returns What ends and lists these handshakes.
   */
  forceUnknownHandshakes(onStraggler: OnStraggler): Iterable<End>;
}

/** The connections that carry the requests of one server. */
export interface CarrierTracker {
  /** Called when a newcomer has made its first request, and when a connection has gone. */
  onChange: () => void;
  /** Called with a socket that `follows` has confirmed, when its connection has gone. */
  onGone: (socket: object) => void;
  /** How many are open. */
  readonly size: number;
  /** Whether `onGone` will be called with a socket. */
  follows(socket: object): boolean;
  /** Whether the `'close'` of a socket that has closed will still be heard. */
  tells(socket: object): boolean;
  /** How many connections have made no request yet. */
  readonly newcomers: number;
  /** Whether a connection is idle, or seems so to Node. */
  readonly looksIdle: boolean;
  /** Lists the open connections. */
  listOpen(list: OpenList): void;
  /** A shutdown begins. Nothing is done to the connections yet. */
  begin(): void;
  /**
   * From now on reads nothing from connections that are new or have just been answered, `most` of
   * them at most, until they are drained or ended.
   */
  holdBack(most: number): void;
  /** From now on tells each client that its connection will end. */
  goAway(): void;
  /** From now on ends each connection that has had nothing under way for a while. */
  drain(patience: Patience): void;
  /** Stops following the server, and ends what is idle later. @returns What ends what is idle now. */
  end(): End[];
  /** Stops following the server. @returns What ends each connection by force, and lists it. */
  force(onStraggler: OnStraggler): End[];
  /** Forgets connections that are gone without an event. */
  sweep(): void;
}

/** When WebSocket clients are told that they have to go. */
export interface GoodbyeTimes {
  /** Milliseconds: a client is in conversation while its last message is no older. */
  readonly idle: number;
  /** When every client is told at the latest, of `performance.now()`. */
  readonly latest: number;
}

/** The callbacks of the code that follows upgraded clients. */
export interface UpgradedHost {
  /**
   * Called for each client of the server's own, also for those from before. `subject` stands for
   * its connection.
   */
  readonly onClient: (subject: AnySocket) => void;
  readonly onStraggler: OnStraggler;
  /** Called when a client has gone. */
  readonly onChange: () => void;
  /** Follows the listener of an attached server. Calls back when that is closed. */
  readonly watch: (server: EventEmitter, known: KnownServer, onClosed: () => void) => () => void;
  /** Called when other code has closed an attached server. */
  readonly onClosed: () => void;
}

/** Clients that have left HTTP: those of one server, or of several that are attached to it. */
export interface UpgradedTracker {
  /** How many clients are open. */
  readonly size: number;
  /** Lists the open clients. */
  listOpen(list: OpenList): void;
  /** From now on follows the clients of an attached server, too. */
  follow(server: EventEmitter, known: KnownServer): void;
  /** Tells every client that it has to go. */
  goAway(times: GoodbyeTimes): void;
  /** The listener is closed: no client leaves HTTP any more. */
  refuse(): void;
  /** Forgets clients that are gone without an event. */
  sweep(): void;
  /** What ends each client by force, and lists it. */
  force(): End[];
  /** Stops following the servers. */
  unfollow(): void;
}
