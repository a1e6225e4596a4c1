import type { EventEmitter } from 'node:events';
import { isAcceptError } from '../listening/accept-error.ts';
import { attempt } from '../primitives/attempt.ts';
import { type Arrival, Queue } from './queue.ts';
import { Diagnostics } from '../diagnostics.ts';
import { type End, inSlices } from '../shutdown/in-slices.ts';
import type { LastCallTerms } from '../listening/last-call.ts';
import type { Listener } from '../listening/listener.ts';
import { onAbort } from '../primitives/on-abort.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import { OwnedServer } from './owned-server.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import { type Politeness, UnderWay } from '../protocols/under-way.ts';
import { Sweeper } from '../shutdown/sweeper.ts';
import { warn } from '../primitives/warn.ts';
import { unhear } from '../primitives/hear.ts';

const nothing = (): void => {};

/** What takes the queued connections: a loop, or a serving. */
export interface Taker<Item> {
  /** Makes what is queued of a connection, in the emit that brings it. */
  readonly arrive: (connection: unknown) => Item;
  /** How many connections it would take at this instant. */
  readonly consumers: () => number;
  /** There may be something to take. */
  readonly onArrival: () => void;
  /** Takes one that would have to wait for nobody. Without it, all are taken from the queue. */
  readonly onPass?: (item: Item) => void;
  /** The listener is closed. Called once, in a shutdown. */
  readonly onListenerClosed?: () => void;
  /** A shutdown begins. Called once, unless the acceptor is left. */
  readonly onEnding?: (reason: unknown) => void;
  /** Nothing comes any more. What is queued is still to be taken. Called once. */
  readonly onOver: () => void;
  /** How what is under way is served to its end. Without it, it ends with its present request. */
  readonly politeness?: Politeness;
}

/**
 * Takes in what a server brings, and queues it. When its listener is closed, handshakes and first
 * requests under way may still become connections; then it is over.
 */
export class Acceptor<Item extends Arrival<Item>> {
  readonly queue: Queue<Item>;
  readonly diagnostics: Diagnostics;
  /** What has kept the server from listening. */
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
    // Where this throws nothing has begun, and the caller is told.
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

  /** Begins the last call when a signal aborts. With one that has aborted it is left at once. */
  follow(signal: AbortSignal | undefined): void {
    if (signal?.aborted) this.leave();
    else if (signal) {
      this.#stopListeningToSignal = onAbort(signal, () => this.beginLastCall(signal.reason));
    }
  }

  /** Whether nothing comes any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Lists what is under way besides the connections that it has brought. */
  listOpen(list: OpenList): void {
    this.#underWay.listOpen(list);
  }

  /** Handlers run between two accepts, and would take the time of clients that still wait there. */
  get isHoldingBack(): boolean {
    const { connections, endsIdle } = this.#known;
    if (this.#listener.state !== 'last call' || endsIdle || connections.mustBeTakenAtOnce)
      return false;
    return !this.queue.isHalfFull;
  }

  /** Goes on accepting until nobody waits in the kernel's queue, and closes the listener. */
  beginLastCall(reason: unknown): void {
    this.#listener.beginLastCall(reason);
  }

  /** Closes the listener at once. Nobody will serve what waits, or what comes. */
  leave(): void {
    const ends = this.force();
    this.closeLast();
    inSlices(ends, nothing);
  }

  /**
   * The same, but for an emitter, which stays open until `closeLast()`.
   *
   * @param onDiscard - Called with each that waits, just before it is refused.
   * @returns What refuses those, and ends what was under way.
   */
  force(onDiscard?: (item: Item) => void): End[] {
    if (!this.#isOver) this.#owned.close();
    return [...this.queue.discardAll(onDiscard), ...this.#end()];
  }

  /** What it has brought is served: an emitter is closed now, unless somebody has. */
  closeLast(): void {
    this.#owned.closeLast();
  }

  /** Whether that is still to be done. */
  get mustCloseLast(): boolean {
    return this.#owned.mustCloseLast;
  }

  /** Whether there may be something that has become no connection. */
  get hasUnknownHandshakes(): boolean {
    return this.#underWay.hasUnknownHandshakes;
  }

  /** Nothing comes any more, and every connection is closed. @returns What ends the rest. */
  forceUnknownHandshakes(): End[] {
    return this.#underWay.forceUnknownHandshakes();
  }

  readonly #onConnection = (...args: unknown[]): void => {
    const { connections } = this.#known;
    let connection: unknown;
    let passed: Item | undefined;
    try {
      connection = connections.accept(args);
      // We go on reading it when others have it: handlers, subscribers of a channel, `onError`.
      if (Array.isArray(connection)) Object.freeze(connection);
      passed = this.#add(connection);
    } catch (error) {
      // A method or getter of the connection's own. It costs this one, and nothing is lost count of.
      this.queue.countDiscarded();
      this.diagnostics.handlerError(error, connection ?? args);
      warn(error);
      if (connection !== undefined) attempt(() => connections.refuse(connection));
      return;
    }
    if (passed) this.#taker.onPass?.(passed);
    else if (!this.#isOver && !this.isHoldingBack) this.#taker.onArrival();
  };

  /** @returns One that is taken at once, and counts as that. */
  #add(connection: unknown): Item | undefined {
    this.diagnostics.accept(connection);
    const { connections } = this.#known;
    const { arrive, onPass, consumers } = this.#taker;
    const item = arrive(connection);
    // A getter of the connection's own, which may leave this acceptor.
    const isGone = connections.isGone(connection);
    const isHeld = this.isHoldingBack;
    const mayPass = onPass !== undefined && !isHeld && this.queue.size === 0;
    if (this.#isOver) {
      // Left during this very emit, by that or by a listener before this one.
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
    // A serving hears them itself by then.
    if (this.isOver && politeness) return;
    this.diagnostics.serverError(error);
    // One connection could not be accepted: the listener goes on.
    if (isAcceptError(error)) return;
    this.failure ??= { error };
    if (this.isOver) return;
    // What is under way has still to be served.
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
    // To read thousands of requests takes the time in which their clients could be accepted. Idle
    // connections have time after that only where they are treated politely; and there has to be
    // room for what is read then.
    if (!endsIdle && politeness) this.#underWay.holdBack(this.#maxQueued / 2);
    return {
      source: this.#server,
      events: new Set(['connection', 'secureConnection', connections.event]),
      carried: connections.isCarried ? connections.event : undefined,
      delay: endsIdle ? politeness?.idle : 0,
      onPause: onArrival,
      isProlonged: waitsForHost,
    };
  }

  /** Waits for what was accepted and has not become a connection yet. */
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
