import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

interface Handshake {
  readonly socket: Socket;
  readonly address: string;
  readonly onClose: () => void;
}

/**
 * The TLS handshakes that a server has in progress. `'connection'` brings a raw socket,
 * `'secureConnection'` another object for it, and nothing public leads from one to the other: on
 * TCP the addresses tell. Over a Unix socket there are none; there each client that has sent a
 * byte counts as through when one is, so that nobody is ended who is being served (the server's
 * own `handshakeTimeout` ends the others).
 */
export class Handshakes {
  /** Called when one has ended, either way. */
  onChange: () => void = () => {};
  /** How many are in progress. */
  size = 0;
  readonly #server: EventEmitter;
  readonly #byAddress = new Map<string, Set<Handshake>>();

  constructor(server: EventEmitter) {
    this.#server = server;
    server.on('connection', this.#begin);
    server.on('secureConnection', this.#complete);
  }

  /** Stops following the server, and ends every handshake. */
  destroy(): void {
    this.#server.off('connection', this.#begin);
    this.#server.off('secureConnection', this.#complete);
    for (const handshakes of this.#byAddress.values()) {
      for (const { socket } of handshakes) socket.destroy();
    }
  }

  readonly #begin = (socket: Socket): void => {
    const address = addressOf(socket);
    const handshake = { socket, address, onClose: (): void => this.#end(handshake) };
    const handshakes = this.#byAddress.get(address);
    if (handshakes === undefined) this.#byAddress.set(address, new Set([handshake]));
    else handshakes.add(handshake);
    this.size += 1;
    socket.on('close', handshake.onClose);
  };

  readonly #complete = (secure: Socket): void => {
    for (const handshake of this.#byAddress.get(addressOf(secure)) ?? []) {
      // Bun: both events bring the same object, and it counts no bytes of the handshake.
      if (handshake.socket === secure || handshake.socket.bytesRead > 0) this.#end(handshake);
    }
  };

  #end(handshake: Handshake): void {
    const { socket, address, onClose } = handshake;
    const handshakes = this.#byAddress.get(address);
    handshakes?.delete(handshake);
    if (handshakes?.size === 0) this.#byAddress.delete(address);
    this.size -= 1;
    socket.off('close', onClose);
    this.onChange();
  }
}

function addressOf(socket: Socket): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}
