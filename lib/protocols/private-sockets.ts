import { type Channel, channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { hasLeft } from '../primitives/has-left.ts';
import { inSlices } from '../shutdown/in-slices.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import { type OnStraggler, stragglerOf } from '../shutdown/stragglers.ts';
import { attemptOf } from '../primitives/hear.ts';

/** Node publishes every socket of the process there that one of its servers accepts. */
const acceptedChannel: Channel<unknown, { socket: Socket }> = channel('net.server.socket');

/**
 * The sockets of a server that keeps its listener to itself, each with an event `'connection'`. A
 * `WebSocketServer` with a port of its own has a private HTTP server, and a client that never asks
 * for an upgrade would hold that open. (Not on Bun, which publishes none.)
 */
export class PrivateSockets extends EventEmitter {
  readonly #server: { address(): unknown };
  /** Since when, of `performance.now()`. */
  readonly #sockets = new Map<Socket, number>();

  /** @param server - Without a listener it may throw when it is asked for its address. */
  constructor(server: { address(): unknown }) {
    super();
    this.#server = server;
    if (hasAddress(server)) acceptedChannel.subscribe(this.#onSocket);
  }

  /** Ends those that have said nothing. */
  endSilent(): void {
    const silent = [...this.#sockets.keys()].filter(({ bytesRead }) => bytesRead === 0);
    inSlices(
      silent.map((socket) => () => socket.destroySoon()),
      () => {},
    );
  }

  /**
   * What ends all.
   *
   * @param onStraggler - Told of those that have said something, and were not answered: they had
   * begun a request.
   */
  ends(onStraggler: OnStraggler): (() => void)[] {
    return [...this.#sockets].map(([socket, since]) => () => {
      // One that has been ended as a WebSocket is listed as that.
      if (socket.destroyed) return;
      if (hasBegun(socket)) onStraggler(stragglerOf('request', socket, since), socket);
      socket.destroy();
    });
  }

  /** Lists them all. */
  listOpen(list: OpenList): void {
    for (const [socket, since] of this.#sockets) {
      if (socket.destroyed) continue;
      const [kind, state] = hasBegun(socket)
        ? (['request', 'half a request'] as const)
        : (['connection', 'idle'] as const);
      list.add(socket, state, since, () => stragglerOf(kind, socket, since));
    }
  }

  /** Forgets those of which nobody has heard that they have gone. */
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

  /** Asked each time: when it is closed, the port may be somebody else's. */
  #isOurs({ localAddress, localPort, localFamily }: Socket): boolean {
    const server = this.#server;
    const ours = attemptOf(
      server,
      'address',
      () => server.address() as AddressInfo | string | null,
    );
    if (!ours || typeof ours === 'string' || ours.port !== localPort) return false;
    // `::` takes clients of IPv4, too; `0.0.0.0` none of IPv6, whose port may be another server's.
    if (ours.address === '::') return true;
    if (ours.address === '0.0.0.0') return localFamily === 'IPv4';
    return ours.address === localAddress;
  }
}

/** Whether it has said something, and was not answered. */
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
