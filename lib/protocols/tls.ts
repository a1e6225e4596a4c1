import type { HandshakeTracker } from './trackers.ts';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { attempt, attemptEach } from '../primitives/attempt.ts';
import { harmless } from '../primitives/harmless.ts';
import { hasLeft } from '../primitives/has-left.ts';
import { type End, turn } from '../shutdown/in-slices.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import { type OnStraggler, stragglerOf } from '../shutdown/stragglers.ts';
import { attemptOf, hear, hearFirst, unhear } from '../primitives/hear.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';

interface Handshake {
  readonly socket: Socket;
  /** When it began, of `performance.now()`. */
  readonly since: number;
  readonly address: string;
  readonly onClose: () => void;
}

/**
 * The address of a socket without one:
 *
 * - a Unix socket;
 * - a stream that other code has made a connection of;
 * - a socket whose client has reset before the accept.
 */
const NOWHERE = '';

/**
 * The TLS handshakes that a server has in progress. `'connection'` brings a raw socket, and
 * `'secureConnection'` another object for it. Nothing public leads from one to the other. On TCP,
 * the addresses do.
 *
 * Without addresses, only the number of handshakes is known. It decides how long to wait. A socket
 * without an address may belong to a connection that is served. So if it has sent a byte, it is not
 * ended before all connections have ended.
 */
export class Handshakes implements HandshakeTracker {
  /** Called when a handshake has ended, either way. */
  onChange: () => void = () => {};
  readonly #server: EventEmitter;
  /** The handshakes on sockets with an address, by that address. An address is there once. */
  readonly #byAddress = new Map<string, Handshake>();
  readonly #nowhere = new Map<Socket, Handshake>();
  /**
   * How many of the sockets without an address have completed their handshake. `Infinity` once none
   * is waited for any more.
   */
  #completed = 0;

  constructor(server: EventEmitter) {
    this.#server = server;
    hear(server, 'connection', this.#begin);
    // First in line: an owner's listener may end the socket, which is no handshake any more. Its
    // raw socket must not be destroyed in this event, which Node 20 does not survive.
    hearFirst(server, 'secureConnection', this.#complete);
  }

  /** How many handshakes are in progress. */
  get size(): number {
    return this.#byAddress.size + Math.max(0, this.#nowhere.size - this.#completed);
  }

  /** Forgets handshakes whose socket is gone without an event. */
  sweep(): void {
    for (const handshakes of [this.#byAddress, this.#nowhere]) {
      attemptEach(handshakes.values(), (handshake) => {
        if (hasLeft(handshake.socket)) this.#close(handshake);
      });
    }
  }

  /**
   * Stops following the server, and forgets the handshakes that are to be ended.
   *
   * @param onStraggler - Told of each handshake, just before it is ended.
   * @returns What ends each of them.
   */
  force(onStraggler: OnStraggler): (() => void)[] {
    unhear(this.#server, 'connection', this.#begin);
    unhear(this.#server, 'secureConnection', this.#complete);
    const known = this.#known;
    this.#completed = Infinity;
    return known.map((each) => this.#end(each, onStraggler));
  }

  listOpen(list: OpenList): void {
    for (const { socket, since } of this.#known) {
      if (attemptOf(socket, 'destroyed', () => socket.destroyed)) continue;
      list.add(socket, 'handshake', since, () => stragglerOf('handshake', socket, since));
    }
  }

  /** The sockets that are certainly handshakes. */
  get #known(): Handshake[] {
    const all = [...this.#nowhere.values()];
    const isServing = this.#completed > 0;
    const nowhere = isServing ? all.filter(({ socket }) => socket.bytesRead === 0) : all;
    return [...this.#byAddress.values(), ...nowhere];
  }

  /**
   * All connections of the server have closed, so each socket without an address is a handshake.
   *
   * @returns What ends these handshakes.
   */
  *forceUnknownHandshakes(onStraggler: OnStraggler): Generator<End> {
    if (this.#nowhere.size === 0) return;
    // A socket that has just closed emits its 'close' before the next turn.
    yield turn;
    yield* [...this.#nowhere.values()].map((handshake) => this.#end(handshake, onStraggler));
  }

  #end(handshake: Handshake, onStraggler: OnStraggler): () => void {
    this.#forget(handshake);
    const { socket, since } = handshake;
    return () => {
      if (socket.destroyed) return;
      onStraggler(stragglerOf('handshake', socket, since), socket);
      warnOfRejection(socket.destroy());
    };
  }

  readonly #begin = harmless((socket: Socket): void => {
    // An earlier listener of the owner may have destroyed the socket, or have ended everything.
    if (socket.destroyed) return;
    if (this.#completed === Infinity) return warnOfRejection(socket.destroy());
    const address = addressOf(socket);
    const since = performance.now();
    const handshake = { socket, since, address, onClose: (): void => this.#close(handshake) };
    if (address === NOWHERE) this.#nowhere.set(socket, handshake);
    else this.#byAddress.set(address, handshake);
    socket.on('close', handshake.onClose);
  });

  readonly #complete = harmless((secure: Socket): void => {
    // On Bun, both events bring the same object.
    const handshake = this.#byAddress.get(addressOf(secure)) ?? this.#nowhere.get(secure);
    if (handshake !== undefined) this.#forget(handshake);
    else if (!secure.destroyed && this.#completed < this.#nowhere.size) this.#completed += 1;
    this.onChange();
  });

  #close(handshake: Handshake): void {
    const { socket, address } = handshake;
    // Which of the sockets have completed is unknown. The count is right when the last one has
    // closed.
    const isThrough = address === NOWHERE && socket.bytesRead !== 0 && this.#completed > 0;
    if (isThrough) this.#completed -= 1;
    this.#forget(handshake);
    this.onChange();
  }

  #forget(handshake: Handshake): void {
    const { socket, address, onClose } = handshake;
    if (this.#byAddress.get(address) === handshake) this.#byAddress.delete(address);
    this.#nowhere.delete(socket);
    attempt(() => socket.off('close', onClose));
  }
}

function addressOf(socket: Socket): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined) return NOWHERE;
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}

/**
 * Ends TLS connections whose handshake has failed, or takes longer than the server's
 * `handshakeTimeout`. A `tls.Server` only reports them, and a client that never speaks would stay
 * for ever. HTTP servers end these connections, or emit `'clientError'`, whose listener has to end
 * them.
 *
 * @returns What stops that.
 */
export function endFailedHandshakes(server: EventEmitter): () => void {
  hear(server, 'tlsClientError', end);
  return () => unhear(server, 'tlsClientError', end);
}

function end(_error: Error, socket: Socket): void {
  warnOfRejection(socket.destroy());
}
