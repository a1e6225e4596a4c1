import type { End } from '../../shutdown/in-slices.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import type { EventEmitter } from 'node:events';
import { countListeners } from '../http/overhear.ts';
import { refuseUpgrades } from '../http/refuse-upgrades.ts';
import type { KnownServer } from '../known-server.ts';
import type { GoodbyeTimes, UpgradedHost, UpgradedTracker } from '../trackers.ts';
import { WebSocketClients } from './clients.ts';
import type { WebSocketServer } from './web-socket-server.ts';

const nothing = (): void => {};

/**
 * The `WebSocketServer`s of one server that is drained: the server itself, or those that are
 * attached to it.
 */
export class WebSocketServers implements UpgradedTracker {
  readonly #server: EventEmitter;
  readonly #known: KnownServer;
  readonly #host: UpgradedHost;
  readonly #all = new Map<EventEmitter, WebSocketClients>();
  readonly #stopWatching: (() => void)[] = [];
  #stopRefusing: (() => void) | undefined;
  #times: GoodbyeTimes | undefined;
  #isRefusing = false;

  /**
   * @param server - If it is no `WebSocketServer`, only those that are attached to it are followed.
   */
  constructor(server: EventEmitter, known: KnownServer, host: UpgradedHost) {
    this.#server = server;
    this.#known = known;
    this.#host = host;
    if (known.carriers === undefined) this.#add(server as WebSocketServer, host.onClient);
  }

  get size(): number {
    let size = 0;
    for (const clients of this.#all.values()) size += clients.size;
    return size;
  }

  listOpen(list: OpenList): void {
    for (const clients of this.#all.values()) clients.listOpen(list);
  }

  follow(server: EventEmitter, known: KnownServer): void {
    if (this.#all.has(server)) return;
    const clients = this.#add(server as WebSocketServer, nothing);
    // While its HTTP server listens, a `WebSocketServer` has the address of that, unless it is
    // closed.
    if (this.#known.isListening()) clients.isServerOpen = known.isListening() !== false;
    const stopWatching = this.#host.watch(server, known, () => {
      this.#refuse(clients);
      this.#host.onClosed();
    });
    this.#stopWatching.push(stopWatching);
    if (this.#times) clients.goAway(this.#times);
    if (this.#isRefusing) this.#refuse(clients);
  }

  goAway(times: GoodbyeTimes): void {
    this.#times = times;
    for (const clients of this.#all.values()) clients.goAway(times);
  }

  refuse(): void {
    this.#isRefusing = true;
    for (const clients of this.#all.values()) this.#refuse(clients);
  }

  sweep(): void {
    for (const clients of this.#all.values()) clients.sweep();
  }

  force(): End[] {
    return [...this.#all.values()].flatMap((clients) => clients.force());
  }

  unfollow(): void {
    for (const clients of this.#all.values()) clients.unfollow();
    for (const stopWatching of this.#stopWatching) stopWatching();
    this.#stopRefusing?.();
  }

  #add(server: WebSocketServer, onClient: UpgradedHost['onClient']): WebSocketClients {
    const { onStraggler, onChange } = this.#host;
    const clients = new WebSocketClients(server, { onClient, onStraggler, onChange });
    this.#all.set(server, clients);
    return clients;
  }

  #refuse(clients: WebSocketClients): void {
    // Its listener closes the drained server itself. An attached server is closed already if
    // nothing listens for upgrades.
    if (clients.server === this.#server) return;
    if (countListeners(this.#server, 'upgrade') > 0) clients.closeServer();
    this.#stopRefusing ??= refuseUpgrades(this.#server);
  }
}
