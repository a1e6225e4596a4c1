import type { EventEmitter } from 'node:events';
import { closeLate, LateListening } from '../listening/late-listening.ts';
import { Listener, type ListenerHost } from '../listening/listener.ts';
import { harmless } from '../primitives/harmless.ts';
import { hear, unhear } from '../primitives/hear.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import type { Protocol } from '../protocols/protocol.ts';

const owned = new WeakSet<object>();
/**
 * The hosts of servers that an acceptor has, or has had. Connections of such a host may belong to
 * that acceptor.
 */
const hosts = new WeakSet<object>();
/** For each server, what ends the refusing after the end of a loop, by the event. */
const refusals = new WeakMap<EventEmitter, Map<string, () => void>>();
const nothing = (): void => {};

/**
 * The server of one acceptor. Only this object closes the listener. After the end, it refuses what
 * the server still brings.
 */
export class OwnedServer {
  readonly #server: EventEmitter;
  readonly #known: KnownServer;
  readonly listener: Listener;
  #isRefusing = false;
  #stopRefusing = nothing;
  #isLeft = false;
  #hasEnded = false;

  /** @throws `Error` if another acceptor has the server. */
  static check(server: EventEmitter): void {
    if (!owned.has(server)) return;
    throw new Error('Cannot accept connections: the server has a live acceptLoop() or serve()');
  }

  /** From now on an acceptor has the server. What came after the end of the one before is its. */
  static claim(server: EventEmitter, known: KnownServer): void {
    LateListening.forget(server);
    owned.add(server);
    refusals.get(server)?.get(known.connections.event)?.();
    if (known.host) hosts.add(known.host);
  }

  /** Whether an acceptor has the server, or has had a server that is attached to it. */
  static isInUse(server: EventEmitter): boolean {
    return owned.has(server) || hosts.has(server);
  }

  constructor(server: EventEmitter, known: KnownServer, host: ListenerHost) {
    this.#server = server;
    this.#known = known;
    this.listener = new Listener(server, known, host);
  }

  /** Closes the listener, unless it is closed. From now on refuses what a host still brings. */
  close(): void {
    // A server that is attached to a host has no listener of its own. It has to be closed as well,
    // or it would go on. Its host may bring more connections.
    if (!this.listener.close() && this.#known.host) this.listener.closeServer();
    if (!this.#isRefusing) this.#known.refuseFromHost?.();
    this.#isRefusing = true;
  }

  /**
   * The signal has aborted. If the server has never listened, an application that is still starting
   * may tell it to: then it is closed at once. The next acceptor ends this.
   */
  closeIfLate(): void {
    const [server, known] = [this.#server, this.#known];
    if (known.host || known.closesLast) return;
    if (known.isListening() !== false || this.listener.hasListened) return;
    void new LateListening(server, false, () => {
      // The last call takes the clients that come, and closes the server.
      if (this.listener.state === 'last call') return;
      if (this.#hasEnded) refuseLatecomers(server, known.connections);
      closeLate(server, known);
    });
  }

  /**
   * No more connections are taken. What still comes is refused.
   *
   * @param hasLatecomers - Whether open connections may still bring something (handshakes,
   * requests) that nobody would handle.
   */
  end(hasLatecomers: boolean): void {
    this.#hasEnded = true;
    const { isServerOpen, isStuck, hasClosed } = this.listener;
    if ((hasLatecomers && isServerOpen) || isStuck || (this.mustCloseLast && !hasClosed)) {
      this.#stopRefusing = refuseLatecomers(this.#server, this.#known.connections);
    }
    if (!this.#known.closesLast) this.#leave();
  }

  /** Whether the server is an emitter that `closeLast()` has still to close. */
  get mustCloseLast(): boolean {
    return this.#known.closesLast === true && !this.#isLeft;
  }

  /** The connections of an emitter are served: closes it, unless it is closed already. */
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
 * Refuses what open connections still bring after the end of a loop: the next request of an HTTP
 * connection, or a TLS handshake that was not known. Without a listener for them, they would hang.
 * One listener refuses them, until the server has closed or listens again.
 *
 * @returns What ends the refusing.
 */
function refuseLatecomers(server: EventEmitter, connections: Protocol): () => void {
  const refuse = harmless((...args) => {
    const connection: unknown = connections.accept(args);
    if (connections.refuseLate) connections.refuseLate(connection);
    else connections.refuse(connection);
  });
  const all = refusals.get(server) ?? new Map<string, () => void>();
  refusals.set(server, all);
  const stop = (): void => {
    all.delete(connections.event);
    unhear(server, connections.event, refuse);
    unhear(server, 'close', stop);
    unhear(server, 'listening', stop);
  };
  all.set(connections.event, stop);
  hear(server, connections.event, refuse);
  hear(server, 'close', stop);
  hear(server, 'listening', stop);
  return stop;
}
