import { type Channel, channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { hasLeft } from '../primitives/has-left.ts';
import { inSlices } from '../shutdown/in-slices.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import { type OnStraggler, stragglerOf } from '../shutdown/stragglers.ts';
import { attemptOf } from '../primitives/hear.ts';
import { ObjectMap } from '../primitives/object-map.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';

/** On this channel Node publishes every socket that a server of the process accepts. */
const acceptedChannel: Channel<unknown, { socket: Socket }> = channel('net.server.socket');

/**
 * The sockets of a server that keeps its listener private. Each is emitted as `'connection'`.
 *
 * A `WebSocketServer` with a port of its own has a private HTTP server. A client that never asks
 * for an upgrade would hold that server open. On Bun there are no such sockets, because Bun does
 * not publish them.
 */
export class PrivateSockets extends EventEmitter {
  readonly #server: { address(): unknown };
  /** When each socket came, of `performance.now()`. */
  readonly #sockets = new ObjectMap<Socket, number>();

  /** @param server - Without a listener, its `address()` may throw. */
  constructor(server: { address(): unknown }) {
    super();
    this.#server = server;
    if (hasAddress(server)) acceptedChannel.subscribe(this.#onSocket);
  }

  /** Ends the sockets that have sent nothing. */
  endSilent(): void {
    const silent = [...this.#sockets.keys()].filter(({ bytesRead }) => bytesRead === 0);
    inSlices(
      silent.map((socket) => () => socket.destroySoon()),
      () => {},
    );
  }

  /**
   * What ends each socket.
   *
   * @param onStraggler - Told of each socket that has sent something and got no answer. Its client
   * had begun a request.
   */
  ends(onStraggler: OnStraggler): (() => void)[] {
    return [...this.#sockets].map(([socket, since]) => () => {
      // A socket that has been ended as a WebSocket is listed as one.
      if (socket.destroyed) return;
      if (hasBegun(socket)) onStraggler(stragglerOf('request', socket, since), socket);
      warnOfRejection(socket.destroy());
    });
  }

  listOpen(list: OpenList): void {
    for (const [socket, since] of this.#sockets) {
      if (socket.destroyed) continue;
      const [kind, state] = hasBegun(socket)
        ? (['request', 'half a request'] as const)
        : (['connection', 'idle'] as const);
      list.add(socket, state, since, () => stragglerOf(kind, socket, since));
    }
  }

  /** Forgets sockets that are gone without an event. */
  sweep(): void {
    for (const socket of this.#sockets.keys()) if (hasLeft(socket)) this.#sockets.delete(socket);
  }

  /** Stops following the server. */
  leave(): void {
    acceptedChannel.unsubscribe(this.#onSocket);
  }

  readonly #onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    if (!this.#isOurs(socket)) return;
    this.#sockets.set(socket, performance.now());
    socket.once('close', () => this.#sockets.delete(socket));
    this.emit('connection', socket);
  };

  /** Asked for each socket: once the server is closed, its port may belong to another server. */
  #isOurs({ localAddress, localPort, localFamily }: Socket): boolean {
    const server = this.#server;
    const ours = attemptOf(
      server,
      'address',
      () => server.address() as AddressInfo | string | null,
    );
    if (!ours || typeof ours === 'string' || ours.port !== localPort) return false;
    // `::` takes clients of IPv4, too. `0.0.0.0` takes no clients of IPv6: the same port of IPv6
    // may belong to another server.
    if (ours.address === '::') return true;
    if (ours.address === '0.0.0.0') return localFamily === 'IPv4';
    return ours.address === localAddress;
  }
}

/** Whether the client has sent something and got no answer. */
function hasBegun({ bytesRead, bytesWritten }: Socket): boolean {
  return bytesRead > 0 && bytesWritten === 0;
}

function hasAddress(server: { address(): unknown }): boolean {
  try {
    server.address();
    return true;
  } catch {
    return false;
  }
}
