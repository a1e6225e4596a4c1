import type { EventEmitter } from 'node:events';
import { on as eventsToAsync } from 'events-to-async';
import { errorChannel } from './channels.ts';
import { type AcceptLoopStats, ConnectionQueue } from './connection-queue.ts';
import { Handshakes } from './handshakes.ts';
import { HttpConnections } from './http-connections.ts';
import { LAST_CALL_MS, LastCall } from './last-call.ts';
import { refuseLatecomers } from './latecomers.ts';
import { Listener } from './listener.ts';
import { onAbort } from './on-abort.ts';
import { requestConnections } from './request-connections.ts';
import type { ServerKind } from './server-kind.ts';

const live = new WeakSet<object>();
const done = { done: true, value: undefined } as const;
const nothing = (): void => {};

/**
 * The loop behind `acceptLoop`.
 *
 * - `open`: the listener accepts.
 * - `last call`: aborted; it still accepts, until the kernel's queue is empty.
 * - `closed`: the listener is closed; handshakes and first requests under way may still become
 *   connections.
 * - `over`: nothing comes any more. What is queued is still handed out.
 */
export class ConnectionLoop<Connection> {
  readonly #server: EventEmitter;
  readonly #kind: ServerKind;
  readonly #queue: ConnectionQueue<Connection>;
  /** One ticket for each connection that was queued. It wakes a consumer; the queue has the connection. */
  readonly #tickets: AsyncIterableIterator<[]>;
  readonly #handshakes: Handshakes | undefined;
  readonly #http: HttpConnections | undefined;
  readonly #listener: Listener;
  #stopListeningToSignal = nothing;
  #stopWaiting = nothing;
  #unusedTickets = 0;
  #state: 'open' | 'last call' | 'closed' | 'over' = 'open';
  #failure: { readonly error: Error } | undefined;

  constructor(
    server: EventEmitter,
    kind: ServerKind,
    { signal, maxQueued }: { signal: AbortSignal | undefined; maxQueued: number },
  ) {
    if (live.has(server)) {
      throw new Error('Cannot accept connections: the server has a live accept loop');
    }
    live.add(server);
    this.#server = server;
    this.#kind = kind;
    this.#queue = new ConnectionQueue<Connection>(kind.connections, maxQueued);
    this.#tickets = eventsToAsync<[]>((issueTicket: () => void) => this.#subscribe(issueTicket));
    if (kind.tls) this.#handshakes = new Handshakes(server);
    if (kind.http !== undefined && kind.connections === requestConnections) {
      this.#http = new HttpConnections(server, kind.http);
    }
    const onClosed = (): void => this.#onClosed();
    this.#listener = new Listener(server, kind, (error) => this.#onError(error), onClosed);
    if (signal?.aborted) this.#leave();
    else if (signal) this.#stopListeningToSignal = onAbort(signal, () => this.#beginLastCall());
  }

  get stats(): AcceptLoopStats {
    return this.#queue.stats;
  }

  async next(): Promise<IteratorResult<Connection, undefined>> {
    this.#queue.consumers += 1;
    let connection: Connection | undefined;
    let ended = false;
    while (connection === undefined && !ended) {
      ended = (await this.#tickets.next()).done === true;
      if (!ended) this.#unusedTickets -= 1;
      // Without a ticket, too: events-to-async wakes who waits with `done` when it ends.
      connection = this.#queue.take();
    }
    this.#queue.consumers -= 1;
    if (connection !== undefined) return { done: false, value: connection };
    const failure = this.#failure;
    if (failure === undefined) return done;
    this.#failure = undefined;
    throw failure.error;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#leave();
    return done;
  }

  async throw(error?: unknown): Promise<IteratorReturnResult<undefined>> {
    this.#leave();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
  }

  #subscribe(issueTicket: () => void): () => void {
    const { event, accept } = this.#kind.connections;
    const listener = (...args: unknown[]): void => {
      const connection: Connection = accept(...args);
      // Left during this very emit, by a listener before this one.
      if (this.#state === 'over') return this.#queue.discard(connection);
      this.#queue.add(connection);
      // A ticket outlives a connection that closes while it waits, and serves the next one.
      if (this.#unusedTickets >= this.#queue.size) return;
      this.#unusedTickets += 1;
      issueTicket();
    };
    this.#server.on(event, listener);
    return () => this.#server.off(event, listener);
  }

  #beginLastCall(): void {
    if (this.#state !== 'open') return;
    this.#state = 'last call';
    this.#http?.announceClose();
    const arrivals = new Set(['connection', 'secureConnection', this.#kind.connections.event]);
    const lastCall = new LastCall(this.#server, arrivals, (deadline) => {
      this.#listener.close();
      this.#awaitNewcomers(deadline);
    });
    this.#stopWaiting = (): void => lastCall.cancel();
  }

  /** Somebody else has closed the listener. */
  #onClosed(): void {
    if (this.#state === 'closed' || this.#state === 'over') return;
    this.#stopWaiting();
    this.#http?.announceClose();
    this.#awaitNewcomers(performance.now() + LAST_CALL_MS);
  }

  #onError(error: Error): void {
    errorChannel.publish({ server: this.#server, error });
    // One connection could not be accepted: the listener goes on.
    if ('syscall' in error && error.syscall === 'accept') return;
    this.#failure = { error };
    if (this.#kind.isListening() !== false) this.#listener.close();
    this.#end();
  }

  /** The listener is closed. Waits for what was accepted and has not become a connection yet. */
  #awaitNewcomers(deadline: number): void {
    this.#state = 'closed';
    const timer = setTimeout(() => this.#end(), Math.max(0, deadline - performance.now()));
    this.#stopWaiting = (): void => clearTimeout(timer);
    const check = (): void => {
      if (!this.#handshakes?.size && !this.#http?.newcomers) this.#end();
    };
    // In the next turn: this one may still be bringing what the change has made a connection.
    const onChange = (): void => void setImmediate(check);
    if (this.#handshakes) this.#handshakes.onChange = onChange;
    if (this.#http) this.#http.onChange = onChange;
    check();
  }

  /** Nobody will serve what waits, or what comes. */
  #leave(): void {
    if (this.#state === 'open' || this.#state === 'last call') this.#listener.close();
    this.#end();
    this.#queue.discardAll();
    this.#failure = undefined;
  }

  #end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#stopWaiting();
    this.#stopListeningToSignal();
    this.#listener.leave();
    this.#handshakes?.destroy();
    this.#http?.end();
    // Of the others nothing comes without a listener.
    const hasLatecomers = this.#kind.tls || this.#http !== undefined;
    if (hasLatecomers && this.#listener.isServerOpen) {
      refuseLatecomers(this.#server, this.#kind.connections);
    }
    live.delete(this.#server);
    // Takes the listener off the server, and wakes every consumer.
    void this.#tickets.return?.();
  }
}
