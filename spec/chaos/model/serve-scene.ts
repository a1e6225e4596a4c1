import type { Socket } from 'node:net';
import { type ServeContext, type ServeReport, serve, type Serving } from 'accept-loop';
import { FakeHandler, type Manner, mannerOf } from './fake-handler.ts';
import { FakeServer } from './fake-server.ts';
import type { SocketTraits } from './fake-socket.ts';
import { FakeStream } from './fake-stream.ts';
import type { ServeLimits, ServeModel } from './serve-model.ts';

export interface ServeSetting extends SocketTraits, ServeLimits {
  readonly isAborted: boolean;
  readonly grace: number;
  readonly linger: number;
  readonly flush: number;
}

export interface Settled {
  readonly report?: ServeReport;
  readonly error?: unknown;
  /** How many handlers had not settled. */
  readonly unsettled: number;
}

export const stopped: Error = new Error('stopped');

/** A serving with its server, its clients and its handlers. */
export class ServeScene {
  readonly server = new FakeServer();
  readonly stop = new AbortController();
  readonly serving: Serving;
  readonly setting: ServeSetting;
  readonly streams: FakeStream[] = [];
  readonly handlers: FakeHandler[] = [];
  /** What `onError` was told, and what it has to be. */
  readonly told: unknown[] = [];
  readonly faults: unknown[] = [];
  settled: Settled | undefined;
  /** What went wrong where a throw would be taken for a handler's. */
  readonly wrong: unknown[] = [];
  readonly #model: ServeModel;
  readonly #now: () => number;
  readonly #manners: Manner[] = [];

  constructor(setting: ServeSetting, model: ServeModel, now: () => number) {
    this.setting = setting;
    this.#model = model;
    this.#now = now;
    // The owner's, so that an error that nobody waits for is not an uncaught one.
    this.server.on('error', () => {});
    this.server.open();
    if (setting.isAborted) this.stop.abort(stopped);
    const { concurrency, maxQueued, grace, linger, flush } = setting;
    const onError = (error: unknown): void => void this.told.push(error);
    const times = { grace, linger, flush };
    const options = { signal: this.stop.signal, concurrency, maxQueued, ...times, onError };
    this.serving = serve(this.server, (socket, context) => this.#handle(socket, context), options);
    this.serving.finished.then(
      (report) => (this.settled = { report, unsettled: this.#unsettled }),
      (error: unknown) => (this.settled = { error, unsettled: this.#unsettled }),
    );
  }

  arrive(choice: number): boolean {
    if (!this.server.listening) return false;
    const stream = new FakeStream(this.streams.length, this.setting, this.#now);
    stream.once('close', () => this.#model.depart(stream.id));
    this.streams.push(stream);
    this.#manners.push(mannerOf(choice));
    this.#model.arrive();
    this.server.accept(stream);
    return true;
  }

  /** A client that is there does something. */
  client(choice: number, how: 'clientEnds' | 'clientResets' | 'clientWrites'): boolean {
    const stream = pick(this.streams, choice, ({ destroyed }) => !destroyed);
    stream?.as('client', () => stream[how]());
    if (stream && how === 'clientResets') this.#model.depart(stream.id);
    return stream !== undefined;
  }

  clientReads(choice: number, reads: boolean): boolean {
    const stream = pick(this.streams, choice, (one) => !one.destroyed && one.reads !== reads);
    stream?.clientReads(reads);
    return stream !== undefined;
  }

  /** A handler ends its connection. */
  handler(choice: number, act: 'end' | 'destroy'): boolean {
    const handler = pick(this.handlers, choice, ({ isBusy }) => isBusy);
    handler?.stream.as('handler', (stream) => stream[act]());
    return handler !== undefined;
  }

  settle(choice: number, how: 'resolves' | 'fails' | 'passes on'): boolean {
    const handler = pick(this.handlers, choice, ({ canSettle }) => canSettle);
    if (!handler) return false;
    if (how === 'resolves') handler.resolve();
    else if (how === 'fails') handler.reject(this.#addFault(handler));
    else handler.passOn();
    return true;
  }

  get #unsettled(): number {
    return this.handlers.filter(({ outcome }) => outcome === undefined).length;
  }

  #addFault(handler: FakeHandler): unknown {
    this.faults.push(handler.thrown);
    return handler.thrown;
  }

  #handle(socket: Socket, context: ServeContext): unknown {
    const stream = socket as unknown as FakeStream;
    try {
      this.#model.start(stream.id);
    } catch (error) {
      this.wrong.push(error);
    }
    const manner = this.#manners[stream.id] as Manner;
    const handler = new FakeHandler(stream, manner, context, this.#now);
    this.handlers.push(handler);
    if (manner.style !== 'throws') return handler.begin();
    this.#addFault(handler);
    // Its slot is free at once.
    this.#model.settle(stream.id, 'failed');
    return handler.begin();
  }
}

function pick<One>(
  all: readonly One[],
  choice: number,
  can: (one: One) => boolean,
): One | undefined {
  const able = all.filter(can);
  return able[choice % Math.max(1, able.length)];
}
