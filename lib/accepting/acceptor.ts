import type { EventEmitter } from 'node:events';
import { isAcceptError } from '../listening/accept-error.ts';
import { attempt } from '../primitives/attempt.ts';
import { type Arrival, Queue } from './queue.ts';
import { endThing, thingIn } from '../protocols/closable-thing.ts';
import { Diagnostics } from '../diagnostics.ts';
import { type End, inSlices, turn } from '../shutdown/in-slices.ts';
import type { LastCallTerms } from '../listening/last-call.ts';
import type { Listener } from '../listening/listener.ts';
import { onAbort } from '../primitives/on-abort.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import { OwnedServer } from './owned-server.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import { UnderWay } from '../protocols/under-way.ts';
import { Sweeper } from '../shutdown/sweeper.ts';
import type { Taker } from './taker.ts';
import { warn } from '../primitives/warn.ts';
import { unhear } from '../primitives/hear.ts';

const nothing = (): void => {};

/**
 * Accepts the connections of one server, and queues them. After its listener is closed, handshakes
 * and first requests under way may still become connections. After that, the acceptor is over.
 */
export class Acceptor<Item extends Arrival<Item>> {
  readonly queue: Queue<Item>;
  readonly diagnostics: Diagnostics;
  /** The error of the server that has ended this: it could not listen, or its listener broke. */
  failure: { readonly error: unknown } | undefined;
  readonly #server: EventEmitter;
  readonly #known: KnownServer;
  readonly #taker: Taker<Item>;
  readonly #maxQueued: number;
  readonly #underWay: UnderWay;
  readonly #owned: OwnedServer;
  readonly #listener: Listener;
  readonly #sweeper: Sweeper;
  #stopListeningToSignal = nothing;
  #isOver = false;

  constructor(server: EventEmitter, known: KnownServer, maxQueued: number, taker: Taker<Item>) {
    OwnedServer.check(server);
    this.#server = server;
    this.#known = known;
    this.#taker = taker;
    this.#maxQueued = maxQueued;
    this.queue = new Queue(known.connections, maxQueued, taker.consumers);
    this.diagnostics = new Diagnostics(server);
    // If this throws, nothing has begun, and the caller gets the error.
    server.on(known.connections.event, this.#onConnection);
    OwnedServer.claim(server, known);
    this.#underWay = new UnderWay(known, taker.politeness);
    this.#owned = new OwnedServer(server, known, {
      onError: (error) => this.#onError(error),
      onEnding: (reason) => this.#onEnding(reason),
      onLastCall: () => this.#onLastCall(),
      onClosed: (deadline) => this.#onClosed(deadline),
    });
    this.#listener = this.#owned.listener;
    this.#sweeper = new Sweeper(
      () => this.#underWay.sweep(),
      () => this.#listener.state !== 'open',
    );
  }

  /** Begins the last call when `signal` aborts. If it has aborted already, leaves at once. */
  follow(signal: AbortSignal | undefined): void {
    if (signal?.aborted) {
      this.#owned.closeIfLate();
      this.leave();
    } else if (signal) {
      this.#stopListeningToSignal = onAbort(signal, (reason) => {
        this.#owned.closeIfLate();
        this.beginLastCall(reason);
      });
    }
  }

  /** Whether no more connections come. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Lists handshakes, and the connections that bring requests. Queued items are not listed. */
  listOpen(list: OpenList): void {
    this.#underWay.listOpen(list);
  }

  /**
   * Whether connections are to stay in the queue. During the last call, handlers would run between
   * two accepts, and delay the clients that still wait in the kernel's queue.
   */
  get isHoldingBack(): boolean {
    if (this.#listener.state !== 'last call') return false;
    const { connections, endsIdle } = this.#known;
    if (endsIdle || connections.mustBeTakenAtOnce) return false;
    return !this.queue.isHalfFull;
  }

  /** Goes on accepting until the kernel's queue is empty, then closes the listener. */
  beginLastCall(reason: unknown): void {
    this.#listener.beginLastCall(reason);
  }

  /** Closes the listener at once. Refuses the connections that wait, and those that still come. */
  leave(): void {
    const ends = this.force();
    this.closeLast();
    inSlices(ends, nothing);
  }

  /**
   * As `leave()`, but leaves the ends to the caller, and an emitter open until `closeLast()`.
   *
   * @param onDiscard - Called with each item that waits, just before its connection is refused.
   * @returns What refuses these connections, and ends handshakes and connections under way.
   */
  force(onDiscard?: (item: Item) => void): End[] {
    if (!this.#isOver) this.#owned.close();
    return [...this.queue.discardAll(onDiscard), ...this.#end()];
  }

  /** Its connections are served: closes an emitter, unless it is closed already. */
  closeLast(): void {
    this.#owned.closeLast();
  }

  /**
   * All connections have closed. What is left is an emitter to close, and TLS sockets without an
   * address: each of them is a handshake.
   *
   * @returns What ends these.
   */
  *lastEnds(): Generator<End> {
    if (this.#owned.mustCloseLast) {
      // A socket that has just closed emits its 'close' before the next turn.
      yield turn;
      yield () => this.closeLast();
    }
    yield* this.#underWay.forceUnknownHandshakes();
  }

  readonly #onConnection = (...args: unknown[]): void => {
    const { connections } = this.#known;
    let connection: unknown;
    let passed: Item | undefined;
    try {
      connection = connections.accept(args);
      // We read the tuple later. Handlers, `onError` and subscribers of channels must not change
      // it.
      if (Array.isArray(connection)) Object.freeze(connection);
      passed = this.#add(connection);
    } catch (error) {
      // The connection's own method or getter has thrown. It costs only this connection, and the
      // counts stay right.
      this.queue.countDiscarded();
      this.diagnostics.handlerError(error, connection ?? args);
      warn(error);
      attempt(() => {
        if (connection !== undefined) connections.refuse(connection);
        // It could not be guarded.
        else endThing(thingIn(args) ?? Object(args[0]));
      });
      return;
    }
    if (passed) this.#taker.onPass?.(passed);
    else if (!this.#isOver && !this.isHoldingBack) this.#taker.onArrival();
  };

  /** @returns The item, if it is to be passed on without the queue. It is counted as yielded. */
  #add(connection: unknown): Item | undefined {
    this.diagnostics.accept(connection);
    const { connections } = this.#known;
    const { arrive, onPass, consumers } = this.#taker;
    const item = arrive(connection);
    // May call a getter of the connection's own, which may leave this acceptor.
    const isGone = connections.isGone(connection);
    const isHeld = this.isHoldingBack;
    const mayPass = onPass !== undefined && !isHeld && this.queue.size === 0;
    if (this.#isOver) {
      // Left during this emit, by such a getter or by an earlier listener.
      this.queue.countDiscarded();
      attempt(() => connections.refuse(connection));
    } else if (isGone) this.queue.countLost();
    else if (mayPass && consumers() > 0) {
      this.queue.countPassed();
      return item;
    } else if (!this.queue.add(item, !isHeld)) this.diagnostics.shed(connection);
    return undefined;
  }

  #onError(error: unknown): void {
    const { politeness } = this.#taker;
    // A serving listens for these errors itself by then.
    if (this.isOver && politeness) return;
    this.diagnostics.serverError(error);
    // Only one connection could not be accepted. The listener goes on.
    if (isAcceptError(error)) return;
    this.failure ??= { error };
    if (this.isOver) return;
    // Connections under way have still to be served.
    if (politeness) return this.#listener.foundClosed(error);
    if (this.#known.isListening() !== false) this.#owned.close();
    inSlices(this.#end(), nothing);
  }

  #onEnding(reason: unknown): void {
    this.#underWay.sweep();
    this.#underWay.begin();
    this.diagnostics.drain(reason);
    this.#taker.onEnding?.(reason);
  }

  #onLastCall(): LastCallTerms {
    const { connections, endsIdle, waitsForHost } = this.#known;
    const { politeness, onArrival } = this.#taker;
    // Reading thousands of requests would take the time in which their clients could be accepted.
    // Idle connections have time after the last call only if there is politeness. The queue needs
    // room for the requests that are read then.
    if (!endsIdle && politeness) this.#underWay.holdBack(this.#maxQueued / 2);
    return {
      source: this.#server,
      events: new Set(['connection', 'secureConnection', connections.event]),
      carried: connections.isCarried ? connections.event : undefined,
      delay: endsIdle ? politeness?.idle : 0,
      onPause: onArrival,
      isProlonged: waitsForHost,
      bringsUpgrades: this.#known.carriers !== undefined,
    };
  }

  /** Waits for accepted sockets that have not become a connection yet. */
  #onClosed(deadline: number): void {
    if (this.#isOver) return;
    this.#owned.close();
    this.#taker.onListenerClosed?.();
    this.#taker.onArrival();
    this.#underWay.wait(deadline, () => inSlices(this.#end(), nothing));
  }

  #end(): End[] {
    if (this.#isOver) return [];
    this.#isOver = true;
    this.#stopListeningToSignal();
    unhear(this.#server, this.#known.connections.event, this.#onConnection);
    this.#sweeper.stop();
    const ends = this.#underWay.force();
    this.#owned.end(this.#underWay.hasLatecomers);
    this.#taker.onOver();
    return ends;
  }
}
