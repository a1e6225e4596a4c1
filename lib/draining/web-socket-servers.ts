import type { EventEmitter } from 'node:events';
import { attemptOf } from '../primitives/hear.ts';
import { Listener } from '../listening/listener.ts';
import type { OpenConnections } from './census.ts';
import { countListeners } from '../protocols/http/overhear.ts';
import { refuseUpgrades } from '../protocols/http/refuse-upgrades.ts';
import { serverKind } from '../protocols/recognise.ts';
import type { OnStraggler } from '../shutdown/stragglers.ts';
import {
  type GoodbyeTimes,
  WebSocketClients,
  type WebSocketServer,
} from '../protocols/web-socket/clients.ts';

const nothing = (): void => {};

export interface WebSocketServersHost {
  readonly onStraggler: OnStraggler;
  /** A client has gone. */
  readonly onChange: () => void;
  /** Somebody has closed one that is attached to the server. */
  readonly onClosed: () => void;
}

/** The `WebSocketServer`s of one server that is drained: itself, or those that are attached to it. */
export class WebSocketServers {
  readonly #server: EventEmitter;
  readonly #host: WebSocketServersHost;
  readonly #all = new Map<EventEmitter, WebSocketClients>();
  readonly #listeners: Listener[] = [];
  #stopRefusing: (() => void) | undefined;
  #times: GoodbyeTimes | undefined;
  #isRefusing = false;

  constructor(server: EventEmitter, host: WebSocketServersHost) {
    this.#server = server;
    this.#host = host;
  }

  /** How many clients they have. */
  get size(): number {
    let size = 0;
    for (const clients of this.#all.values()) size += clients.size;
    return size;
  }

  /** @param onClient - Called with what stands for the connection of each client. */
  follow(server: WebSocketServer, onClient: OpenConnections['add'] = nothing): void {
    if (this.#all.has(server)) return;
    const { onStraggler, onChange } = this.#host;
    const clients = new WebSocketClients(server, { onClient, onStraggler, onChange });
    this.#all.set(server, clients);
    if (server !== this.#server) this.#followAttached(server, clients);
    if (this.#times) clients.close(this.#times);
    if (this.#isRefusing) this.#refuse(clients);
  }

  /** Has every client told that it is to go. */
  close(times: GoodbyeTimes): void {
    this.#times = times;
    for (const clients of this.#all.values()) clients.close(times);
  }

  /** The listener is closed: WebSockets are opened no more. */
  refuseUpgrades(): void {
    this.#isRefusing = true;
    for (const clients of this.#all.values()) this.#refuse(clients);
  }

  /** Forgets what is gone though nobody has heard of it. */
  sweep(): void {
    for (const clients of this.#all.values()) clients.sweep();
  }

  /** What ends all clients by force, and lists them. */
  ends(): (() => void)[] {
    return [...this.#all.values()].flatMap((clients) => clients.ends());
  }

  /** Stops following. */
  leave(): void {
    for (const clients of this.#all.values()) clients.leave();
    for (const listener of this.#listeners) listener.leave();
    this.#stopRefusing?.();
  }

  #followAttached(server: WebSocketServer, clients: WebSocketClients): void {
    const kind = serverKind(server);
    if (kind === undefined) return;
    // It has the address of the server that it is attached to, until somebody closes it.
    const isListening = serverKind(this.#server)?.isListening() === true;
    if (isListening) {
      clients.isServerOpen = attemptOf(server, 'address', () => server.address()) !== null;
    }
    const listener = new Listener(server, kind, undefined, () => {
      this.#refuse(clients);
      this.#host.onClosed();
    });
    this.#listeners.push(listener);
  }

  #refuse(clients: WebSocketClients): void {
    // The listener's own is closed; so is one that listens to no upgrades any more.
    if (clients.server === this.#server) return;
    if (countListeners(this.#server, 'upgrade') > 0) clients.closeServer();
    this.#stopRefusing ??= refuseUpgrades(this.#server);
  }
}
