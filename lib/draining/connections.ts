import { EventEmitter } from 'node:events';
import { after } from '../primitives/after.ts';
import { type End, inSlices, turn } from '../shutdown/in-slices.ts';
import { FIRST_REQUEST_MS } from '../bounds.ts';
import { Census } from './census.ts';
import { DrainCounts } from './drain-counts.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import type { GoodbyeTimes, UpgradedTracker } from '../protocols/trackers.ts';
import type { PrivateSockets } from '../protocols/private-sockets.ts';
import type { AnySocket } from '../protocols/protocol.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import type { OnStraggler } from '../shutdown/stragglers.ts';
import { EarlierConnections } from './earlier-connections.ts';
import { type Politeness, UnderWay } from '../protocols/under-way.ts';
import { ListenerWatch } from '../listening/listener-watch.ts';
import { unhear } from '../primitives/hear.ts';
import type { IsBusy } from '../protocols/quiet.ts';
import { SilentSockets } from './silent-sockets.ts';

const nothing = (): void => {};

export interface ServerConnectionsHost {
  /** A connection has gone. */
  readonly onChange: () => void;
  /** Other code has closed a server that is attached to this one. */
  readonly onClosed: () => void;
}

/**
 * The connections of one server, of every kind, that other code handles. It follows and counts
 * them, and ends each in the way of its kind, politely or by force.
 */
export class ServerConnections {
  readonly #server: EventEmitter;
  readonly #known: KnownServer;
  readonly #onChange: () => void;
  /** Emits `'connection'` for each accepted socket. */
  readonly source: EventEmitter;
  readonly #open: Census;
  /** The connections from before the server was followed. */
  readonly earlier: EarlierConnections;
  readonly counts: DrainCounts;
  readonly #sockets: PrivateSockets | undefined;
  readonly #underWay: UnderWay;
  readonly #upgraded: UpgradedTracker | undefined;
  readonly #politeness: Politeness & { idle: number };
  #silent: SilentSockets | undefined;
  #isEnding = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(
    server: EventEmitter,
    known: KnownServer,
    { onChange, onClosed }: ServerConnectionsHost,
  ) {
    this.#server = server;
    this.#known = known;
    this.#onChange = onChange;
    this.#politeness = { idle: 0, onStraggler: this.#addStraggler };
    // It hears of a connection before the census, which asks whether the connection is followed.
    const underWay = new UnderWay(known, this.#politeness);
    this.#underWay = underWay;
    this.#open = new Census(onChange, known.carriers && underWay);
    underWay.onGone = (socket) => this.#open.forget(socket as AnySocket);
    this.earlier = new EarlierConnections(server, this.#open, onChange);
    this.counts = new DrainCounts(this.#open, this.earlier);
    this.#sockets = known.privateSockets?.();
    // A host of an unknown kind brings nothing that is counted here.
    this.source = this.#sockets ?? (known.host ? new EventEmitter() : server);
    this.source.on('connection', this.#open.add);
    this.#upgraded = known.upgraded?.({
      onClient: this.#open.add,
      onStraggler: this.#addStraggler,
      onChange,
      onClosed,
      watch(attached, knownAttached, onAttachedClosed) {
        const watch = new ListenerWatch(attached, knownAttached, undefined, onAttachedClosed);
        return () => watch.leave();
      },
    });
  }

  /** How many connections are known to be open. */
  get size(): number {
    // Another server may hand its HTTP connections on to this one.
    return Math.max(this.#open.size, this.#underWay.size) + (this.#upgraded?.size ?? 0);
  }

  /**
   * Lists all open connections. A connection that is not known is listed as `running`, without an
   * address.
   */
  listOpen(list: OpenList): void {
    this.#upgraded?.listOpen(list);
    this.#underWay.listOpen(list);
    this.#sockets?.listOpen(list);
    // The trackers of HTTP have listed these, by their TLS sockets and sessions.
    if (!this.#known.carriers) this.#open.listOpen(list);
    this.earlier.listOpen(list);
  }

  /** Also follows the clients of a server that is attached to this one. */
  follow(server: EventEmitter, known: KnownServer): void {
    this.#upgraded?.follow(server, known);
  }

  /** In the shutdown, sockets are ended that have been silent for `quiet` milliseconds. */
  endSilent(quiet: number, isBusy: IsBusy | undefined): void {
    if (quiet === Infinity) return;
    this.#silent ??= new SilentSockets(this.#server, this.#known);
    this.#silent.join(quiet, isBusy);
  }

  /**
   * The shutdown begins.
   *
   * @param onCounted - Called when the connections that are not known have been counted.
   */
  begin(onCounted: () => void): void {
    this.#open.beginCount();
    this.earlier.begin(onCounted);
    this.#underWay.begin();
    this.#silent?.begin();
  }

  /**
   * Until `end()`, reads nothing from HTTP/1 connections that are new or have just been answered.
   * So handlers that compute do not delay the last call.
   */
  holdBack(): void {
    this.#underWay.holdBack();
  }

  /**
   * Tells each HTTP and WebSocket client that its connection will end. Ends idle connections when
   * their time is over.
   *
   * @param isForced - Whether the end by force comes at once. Then idle connections have no time.
   */
  end(times: GoodbyeTimes, isForced = false): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#politeness.idle = times.idle;
    this.#idleTimer = after(Math.max(times.idle, FIRST_REQUEST_MS), () => {
      this.#sockets?.endSilent();
      this.earlier.endIdle(() => this.#underWay.looksIdle);
    });
    // By force, each client is told just before it is ended.
    if (!isForced) this.#upgraded?.goAway(times);
    // Last of all: if nothing is left, this ends the shutdown, which clears the timer.
    this.#underWay.wait(Infinity, this.#onChange, isForced);
  }

  /** Forgets connections that have gone without an event. */
  sweep(): void {
    this.#open.sweep();
    this.#sockets?.sweep();
    this.#silent?.sweep();
    this.#underWay.sweep();
    this.#upgraded?.sweep();
  }

  /** The listener is closed: from now on upgrades are refused. */
  refuseUpgrades(): void {
    this.#upgraded?.refuse();
  }

  /** @returns What ends all connections by force, and lists them as stragglers. */
  force(): Iterable<End> {
    const listUnknown = this.counts.beginForce();
    this.#silent?.leave();
    const upgraded = this.#upgraded?.force() ?? [];
    const underWay = this.#underWay.force();
    // Raw sockets must not be destroyed in an event of their TLS sockets: Node 20 crashes.
    const pause: End[] = this.#known.handshakes ? [turn] : [];
    // The trackers of HTTP list these, by their TLS sockets and sessions.
    const open = this.#open.ends(this.#known.carriers ? undefined : this.#addStraggler);
    return inOrder(upgraded, underWay, pause, open, [listUnknown]);
  }

  /** Stops following the server. */
  leave(): void {
    clearTimeout(this.#idleTimer);
    unhear(this.source, 'connection', this.#open.add);
    this.#sockets?.leave();
    this.#silent?.leave();
    this.earlier.leave();
    inSlices(this.#underWay.force(), nothing);
    this.#upgraded?.unfollow();
  }

  readonly #addStraggler: OnStraggler = (straggler, subject) => this.counts.add(straggler, subject);
}

function* inOrder(...parts: readonly Iterable<End>[]): Generator<End> {
  for (const part of parts) yield* part;
}
