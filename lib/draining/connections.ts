import { EventEmitter } from 'node:events';
import { after } from '../primitives/after.ts';
import type { DrainReport, DrainStats, Straggler } from '../reports.ts';
import { type End, inSlices, turn } from '../shutdown/in-slices.ts';
import { FIRST_REQUEST_MS } from '../bounds.ts';
import { Census } from './census.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import type { GoodbyeTimes, UpgradedTracker } from '../protocols/trackers.ts';
import type { PrivateSockets } from '../protocols/private-sockets.ts';
import type { AnySocket } from '../protocols/protocol.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import { Stragglers, stragglerOf } from '../shutdown/stragglers.ts';
import { EarlierConnections } from './earlier-connections.ts';
import { type Politeness, UnderWay } from '../protocols/under-way.ts';
import { ListenerWatch } from '../listening/listener-watch.ts';
import { attemptOf, unhear } from '../primitives/hear.ts';
import type { IsBusy } from '../protocols/quiet.ts';
import { SilentSockets } from './silent-sockets.ts';

const nothing = (): void => {};

export interface ServerConnectionsHost {
  /** A connection has gone. */
  readonly onChange: () => void;
  /** Somebody has closed a server that is attached to this one. */
  readonly onClosed: () => void;
}

/**
 * The connections of one server that somebody else handles, of every kind: they are followed and
 * counted, and each is ended in its own way, politely or by force.
 */
export class ServerConnections {
  readonly #server: EventEmitter;
  readonly #known: KnownServer;
  readonly #onChange: () => void;
  /** Of `performance.now()`: since when the server has been followed. */
  readonly #since = performance.now();
  /** What emits `'connection'` for each socket that is accepted. */
  readonly source: EventEmitter;
  readonly #open: Census;
  readonly #earlier: EarlierConnections;
  readonly #sockets: PrivateSockets | undefined;
  readonly #underWay: UnderWay;
  readonly #upgraded: UpgradedTracker | undefined;
  readonly #stragglers = new Stragglers();
  /** Of these, or again, since the force began. */
  readonly #listed = new Set<object>();
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
    this.#open = new Census(onChange);
    this.#earlier = new EarlierConnections(server, this.#open);
    this.#politeness = { idle: 0, onStraggler: this.#addStraggler };
    this.#underWay = new UnderWay(known, this.#politeness);
    this.#sockets = known.privateSockets?.();
    // A host that is none that we know brings nothing that is counted here.
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

  /** How many are known to be open. */
  get size(): number {
    // HTTP connections may have come by another server, which hands them on.
    return Math.max(this.#open.size, this.#underWay.size) + (this.#upgraded?.size ?? 0);
  }

  /** Lists all that are open; those that are not known, as what they are at the least. */
  listOpen(list: OpenList): void {
    this.#upgraded?.listOpen(list);
    this.#underWay.listOpen(list);
    this.#sockets?.listOpen(list);
    // HTTP has listed its own, by their TLS sockets and sessions.
    if (!this.#known.carriers) this.#open.listOpen(list);
    const unlisted = this.#open.size + this.#earlier.size - list.size;
    for (let left = Math.min(unlisted, this.#earlier.size); left > 0; left -= 1) {
      list.add({}, 'running', this.#since, () => this.#unknown);
    }
  }

  get stats(): DrainStats {
    const size = this.#open.size + this.#earlier.size;
    const forced = this.#stragglers.size;
    if (this.#open.total === undefined) return { open: size, finished: 0, forced };
    const total = this.#open.total + this.#earlier.total;
    // Of those that have been listed, some say only later that they have closed.
    const open = Math.max(0, Math.min(size - this.#closing, total - forced));
    return { open, finished: Math.max(0, total - forced - open), forced };
  }

  /** How many of the stragglers have still to close. */
  get #closing(): number {
    let closing = 0;
    for (const subject of this.#stragglers.subjects) {
      const destroyed = attemptOf(subject, 'destroyed', () => (subject as AnySocket).destroyed);
      if (this.#open.has(subject) || destroyed === false) closing += 1;
    }
    return closing;
  }

  /** How many are open that are not known, as far as the server tells. */
  get earlier(): number {
    return this.#earlier.size;
  }

  /** Follows the clients of a server that is attached to this one, too. */
  follow(server: EventEmitter, known: KnownServer): void {
    this.#upgraded?.follow(server, known);
  }

  /** In the shutdown, sockets of the server are ended that have been silent for so long. */
  endSilent(quiet: number, isBusy: IsBusy | undefined): void {
    if (quiet === Infinity) return;
    this.#silent ??= new SilentSockets(this.#server, this.#known);
    this.#silent.join(quiet, isBusy);
  }

  /**
   * The shutdown begins.
   *
   * @param onCounted - Called when those are counted that are not known.
   */
  begin(onCounted: () => void): void {
    this.#open.beginCount();
    this.#earlier.begin(onCounted);
    this.#underWay.begin();
    this.#silent?.begin();
  }

  /** Lets the last call get ahead of handlers that compute, until `end()`. */
  holdBack(): void {
    this.#underWay.holdBack();
  }

  /**
   * Tells each connection that it is to end, and ends those that are idle.
   *
   * @param isForced - The end by force comes at once: none has any time.
   */
  end(times: GoodbyeTimes, isForced = false): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#politeness.idle = times.idle;
    this.#idleTimer = after(Math.max(times.idle, FIRST_REQUEST_MS), () => this.#endIdle());
    this.#upgraded?.goAway(times);
    // Last of all: when nothing is left it is the end, which takes the timer back.
    this.#underWay.wait(Infinity, this.#onChange, isForced);
  }

  /** Forgets what is gone though nobody has heard of it. */
  sweep(): void {
    this.#open.sweep();
    this.#sockets?.sweep();
    this.#silent?.sweep();
    this.#underWay.sweep();
    this.#upgraded?.sweep();
  }

  /** The listener is closed: WebSockets are opened no more. */
  refuseUpgrades(): void {
    this.#upgraded?.refuse();
  }

  /** What ends all by force, and lists them. */
  force(): End[] {
    const open = this.#open.size + this.#earlier.size;
    this.#listed.clear();
    this.#silent?.leave();
    return [
      ...(this.#upgraded?.force() ?? []),
      ...this.#underWay.force(),
      ...this.#pause(),
      // HTTP has listed its own, by their TLS sockets and sessions.
      ...this.#open.ends(this.#known.carriers ? undefined : this.#addStraggler),
      () => this.#listUnknown(open - this.#listed.size),
    ];
  }

  /** Lists those that are not known, when they are counted after the others were listed. */
  listEarlier(): void {
    this.#listUnknown(this.#earlier.size);
  }

  /** Ends them. To come last: Node's own means end all that there are, in one go. */
  destroyEarlier(): void {
    this.#earlier.destroy();
  }

  /** Stops following the server. */
  leave(): void {
    clearTimeout(this.#idleTimer);
    unhear(this.source, 'connection', this.#open.add);
    this.#sockets?.leave();
    this.#silent?.leave();
    this.#earlier.leave();
    inSlices(this.#underWay.force(), nothing);
    this.#upgraded?.unfollow();
  }

  /** What has become of those that were there when the shutdown began, and of those that came. */
  report(): Omit<DrainReport, 'duration'> {
    const stragglers = this.#stragglers.list;
    const total = (this.#open.total ?? 0) + this.#earlier.total;
    const forced = stragglers.length;
    return { finished: Math.max(0, total - forced), forced, stragglers };
  }

  #listUnknown(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      this.#addStraggler(this.#unknown, {});
    }
  }

  get #unknown(): Straggler {
    return stragglerOf('connection', undefined, this.#since);
  }

  /** Not in an event of the TLS sockets above those that are ended: Node 20 does not survive that. */
  #pause(): End[] {
    return this.#known.handshakes ? [turn] : [];
  }

  #endIdle(): void {
    this.#sockets?.endSilent();
    this.#earlier.endIdle(() => this.#underWay.looksIdle);
  }

  readonly #addStraggler = (straggler: Straggler, subject: object): void => {
    this.#listed.add(subject);
    this.#stragglers.add(straggler, subject);
  };
}
