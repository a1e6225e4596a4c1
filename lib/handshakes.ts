import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { type OnStraggler, stragglerOf } from './straggler.ts';

interface Handshake {
  readonly socket: Socket;
  /** When it began, of `performance.now()`. */
  readonly since: number;
  readonly address: string;
  readonly onClose: () => void;
}

/** The address of what has none: a Unix socket, or a stream that somebody made a connection of. */
const NOWHERE = '   ';

/**
 * The TLS handshakes that a server has in progress. `'connection'` brings a raw socket,
 * `'secureConnection'` another object for it, and nothing public leads from one to the other: on
 * TCP the addresses tell.
 *
 * Where there are none, only the number is known. It decides how long to wait; what has sent a
 * byte is never ended there, because it may be a connection that is being served.
 */
export class Handshakes {
  /** Called when one has ended, either way. */
  onChange: () => void = () => {};
  readonly #server: EventEmitter;
  readonly #byAddress = new Map<string, Set<Handshake>>();
  #sockets = 0;
  /** How many of those without an address are through. */
  #completed = 0;

  constructor(server: EventEmitter) {
    this.#server = server;
    server.on('connection', this.#begin);
    server.on('secureConnection', this.#complete);
  }

  /** How many are in progress. */
  get size(): number {
    return this.#sockets - this.#completed;
  }

  /**
   * Stops following the server, and forgets every handshake.
   *
   * @param onStraggler - Told of every one that is to be ended.
   * @returns What ends each of them.
   */
  ends(onStraggler: OnStraggler): (() => void)[] {
    const ends: (() => void)[] = [];
    this.#server.off('connection', this.#begin);
    this.#server.off('secureConnection', this.#complete);
    for (const [address, handshakes] of this.#byAddress) {
      for (const { socket, since, onClose } of handshakes) {
        socket.off('close', onClose);
        if (address === NOWHERE && socket.bytesRead !== 0) continue;
        onStraggler(stragglerOf('handshake', socket, since), socket);
        ends.push(() => void socket.destroy());
      }
    }
    this.#byAddress.clear();
    this.#sockets = 0;
    this.#completed = 0;
    return ends;
  }

  readonly #begin = (socket: Socket): void => {
    const address = addressOf(socket);
    const since = performance.now();
    const handshake = { socket, since, address, onClose: (): void => this.#close(handshake) };
    const handshakes = this.#byAddress.get(address);
    if (handshakes === undefined) this.#byAddress.set(address, new Set([handshake]));
    else handshakes.add(handshake);
    this.#sockets += 1;
    socket.on('close', handshake.onClose);
  };

  readonly #complete = (secure: Socket): void => {
    const address = addressOf(secure);
    const handshakes = [...(this.#byAddress.get(address) ?? [])];
    // Bun: both events bring the same object.
    const same = handshakes.filter(({ socket }) => socket === secure);
    if (address === NOWHERE && same.length === 0) this.#completed += 1;
    else for (const handshake of same.length > 0 ? same : handshakes) this.#forget(handshake);
    this.onChange();
  };

  #close(handshake: Handshake): void {
    const { socket, address } = handshake;
    // Which ones are through is not known: the last to close is none of them, at the latest.
    const isThrough = address === NOWHERE && socket.bytesRead !== 0 && this.#completed > 0;
    if (isThrough) this.#completed -= 1;
    this.#forget(handshake);
    this.onChange();
  }

  #forget(handshake: Handshake): void {
    const { socket, address, onClose } = handshake;
    const handshakes = this.#byAddress.get(address);
    handshakes?.delete(handshake);
    if (handshakes?.size === 0) this.#byAddress.delete(address);
    this.#sockets -= 1;
    socket.off('close', onClose);
  }
}

function addressOf(socket: Socket): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}
