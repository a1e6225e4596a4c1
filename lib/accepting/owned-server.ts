import type { EventEmitter } from 'node:events';
import { Listener, type ListenerHost } from '../listening/listener.ts';
import { harmless } from '../primitives/harmless.ts';
import { hear, unhear } from '../primitives/hear.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import type { Protocol } from '../protocols/protocol.ts';

const owned = new WeakSet<object>();
/** The servers that others use, which have been owned: their connections are not theirs alone. */
const hosts = new WeakSet<object>();
const nothing = (): void => {};

/**
 * The server of one acceptor, which has its listener for itself: how that is closed, and what is done
 * with what the server brings after the end.
 */
export class OwnedServer {
  readonly #server: EventEmitter;
  readonly #known: KnownServer;
  readonly listener: Listener;
  #isRefusing = false;
  #stopRefusing = nothing;
  #isLeft = false;

  /** @throws `Error` if another acceptor has it. */
  static check(server: EventEmitter): void {
    if (!owned.has(server)) return;
    throw new Error('Cannot accept connections: the server has a live accept loop');
  }

  /** From now on it has one. */
  static claim(server: EventEmitter, known: KnownServer): void {
    owned.add(server);
    if (known.host) hosts.add(known.host);
  }

  /** Whether an acceptor has it, or has had a server that is attached to it. */
  static isInUse(server: EventEmitter): boolean {
    return owned.has(server) || hosts.has(server);
  }

  constructor(server: EventEmitter, known: KnownServer, host: ListenerHost) {
    this.#server = server;
    this.#known = known;
    this.listener = new Listener(server, known, host);
  }

  /** Closes the listener, unless somebody has, and what uses it. */
  close(): void {
    // One that is attached has none of its own, and would go on; its host may bring more.
    if (!this.listener.close() && this.#known.host) this.listener.closeServer();
    if (!this.#isRefusing) this.#known.refuseFromHost?.();
    this.#isRefusing = true;
  }

  /**
   * Nothing is taken of it any more: what still comes is refused.
   *
   * @param hasLatecomers - Whether something comes without a listener, of what is open.
   */
  end(hasLatecomers: boolean): void {
    const { isServerOpen, isStuck, hasClosed } = this.listener;
    if ((hasLatecomers && isServerOpen) || isStuck || (this.mustCloseLast && !hasClosed)) {
      this.#stopRefusing = refuseLatecomers(this.#server, this.#known.connections);
    }
    if (!this.#known.closesLast) this.#leave();
  }

  /** Whether it is an emitter that has still to be closed. */
  get mustCloseLast(): boolean {
    return this.#known.closesLast === true && !this.#isLeft;
  }

  /** What an emitter has brought is served: it is closed now, unless somebody has. */
  closeLast(): void {
    if (!this.mustCloseLast) return;
    this.#isLeft = true;
    this.listener.closeServer();
    if (!this.listener.isStuck) this.#stopRefusing();
    this.#leave();
  }

  #leave(): void {
    this.listener.leave();
    owned.delete(this.#server);
  }
}

/**
 * Refuses what still comes of connections that are open when a loop is over: the next request of
 * an HTTP connection, a TLS handshake that was not known. They would hang: nobody listens any more.
 * One listener does it, until the server has closed or listens again.
 *
 * @returns What ends it.
 */
function refuseLatecomers(server: EventEmitter, connections: Protocol): () => void {
  const refuse = harmless((...args) => {
    const connection: unknown = connections.accept(args);
    if (connections.refuseLate) connections.refuseLate(connection);
    else connections.refuse(connection);
  });
  const stop = (): void => {
    unhear(server, connections.event, refuse);
    unhear(server, 'close', stop);
    unhear(server, 'listening', stop);
  };
  hear(server, connections.event, refuse);
  hear(server, 'close', stop);
  hear(server, 'listening', stop);
  return stop;
}
