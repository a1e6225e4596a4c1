import assert from 'node:assert/strict';
import { type AcceptLoop, acceptLoop } from 'accept-loop';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { checkSocket } from './accept-loop-checks.ts';
import { AcceptLoopModel } from './accept-loop-model.ts';
import { type AcceptLoopSetting, LoopServer } from './accept-loop-server.ts';
import { Consumers } from './consumers.ts';
import { FakeTlsServer } from './fake-server.ts';
import type { FakeSocket } from './fake-socket.ts';
import { EndOfLoop } from './end-of-loop.ts';
import { expect, History } from './history.ts';

/** A socket's `'close'`, and the server's behind it. */
const TICKS = 3;

// Made once: there are millions of histories.
const stopped = new Error('stopped');
const thrown = new Error('thrown by a consumer');
const acceptError = Object.assign(new Error('accept'), { syscall: 'accept', code: 'EMFILE' });
const bindError = Object.assign(new Error('listen'), { syscall: 'listen', code: 'EADDRINUSE' });

/** One `acceptLoop` with its server, its clients and its consumers. */
export class AcceptLoopHistory extends History {
  readonly #server: LoopServer;
  readonly #stop = new AbortController();
  readonly #loop: AcceptLoop<unknown>;
  readonly #model: AcceptLoopModel;
  readonly #consumers: Consumers;
  readonly #listenersBefore: Record<string, number>;
  readonly #ending: EndOfLoop;

  constructor(setting: AcceptLoopSetting) {
    super(TICKS, setting.longTurn);
    this.#server = new LoopServer(setting);
    this.#ending = new EndOfLoop(this.#server);
    this.#listenersBefore = listenersOn(this.#server.emitter);
    this.#model = new AcceptLoopModel(setting.maxQueued);
    if (setting.isAborted) this.#stop.abort(stopped);
    if (setting.isAborted) this.#server.onAbort();
    this.#loop = this.#server.loop(this.#stop.signal);
    if (setting.isAborted) this.#model.leave();
    const idOf = (connection: unknown): number =>
      this.#server.sockets.indexOf([connection].flat()[0] as FakeSocket);
    this.#consumers = new Consumers(this.#loop, idOf);
    this.check();
  }

  arrive(): boolean {
    const { isClosed } = this.#server;
    const hasArrived = this.#server.arrive(() => this.#model.arrive());
    if (hasArrived && !isClosed && this.#stop.signal.aborted) this.#ending.onArrival();
    return hasArrived;
  }

  /** One comes whose owner leaves the loop when it closes. */
  arriveFateful(): boolean {
    const { sockets } = this.#server;
    const before = sockets.length;
    const hasArrived = this.arrive();
    const socket = sockets[before];
    socket?.onClosing(() => this.#leaveWithin());
    return hasArrived;
  }

  /** One comes, and an owner's listener leaves the loop before the loop hears of it. */
  arriveTooLate(): boolean {
    const { server } = this.#server;
    if (!server?.listening || this.#model.isOver || server instanceof FakeTlsServer) return false;
    server.prependOnceListener('connection', () => void this.#loop.return());
    return this.#server.arrive(() => this.#model.arriveTooLate());
  }

  /** A client goes, or ends its side. */
  depart(choice: number, how: 'reset' | 'halfClose'): boolean {
    const client = this.#server.client(choice);
    client?.[how]();
    if (!client?.destroyed) return false;
    this.#model.depart(this.#server.sockets.indexOf(client));
    return true;
  }

  ask(count: number, leaves: boolean): boolean {
    const isNew = !this.#model.hasNothing;
    this.#consumers.begin(this.#model.ask(count, leaves, this.#isLastCall));
    return isNew;
  }

  leave(how: 'return' | 'throw' | 'dispose'): boolean {
    const isNew = !this.#model.hasNothing;
    this.#model.leave();
    if (how === 'throw') void assert.rejects(this.#loop.throw(thrown), thrown);
    else if (how === 'return') void this.#loop.return();
    else void this.#loop[Symbol.asyncDispose]();
    return isNew;
  }

  abort(): boolean {
    if (this.#stop.signal.aborted) return false;
    if (!this.#model.isOver) this.#server.onAbort();
    this.#stop.abort(stopped);
    return !this.#model.isOver;
  }

  acceptError(): boolean {
    this.#server.emitter.emit('error', acceptError);
    return !this.#model.isOver;
  }

  serverError(): boolean {
    const { isOver } = this.#model;
    if (!isOver) this.#model.fail();
    this.#server.emitter.emit('error', bindError);
    return !isOver;
  }

  closeByOthers(): boolean {
    const { server } = this.#server;
    if (!server?.listening) return false;
    server.close();
    // The loop may call it once, and this was not the loop.
    server.closes -= 1;
    this.#ending.closedByOthers = this.clock.now;
    return true;
  }

  listen(): boolean {
    // After the end it is the owner's business.
    return !this.#model.isOver && this.#server.open();
  }

  /** A server has one loop at a time. */
  acceptTwice(): void {
    const { server } = this.#server;
    if (server && !this.#model.isOver) assert.throws(() => acceptLoop(server), /has a live/);
  }

  check(): void {
    const { accepted, yielded, queued, shed, lost, discarded } = this.#loop.stats;
    const model = this.#model;
    expect(yielded + queued + shed + lost + discarded, accepted, 'conservation');
    expect(accepted, model.fates.length - model.count('unheard'), 'accepted');
    expect(shed, model.count('shed'), 'shed');
    this.#checkEnd();
    const { signal } = this.#stop;
    const isHeard = !model.isOver && !signal.aborted;
    expect(abortListeners(signal), isHeard ? 1 : 0, 'listeners on the signal');
    expect((this.#server.server?.closes ?? 0) <= 1, true, 'closed once');
  }

  checkDry(): void {
    const model = this.#model;
    const seen = this.#consumers.look();
    model.serve(seen.yields, this.#isLastCall);
    this.#checkEnd();
    model.end(seen);
    const { yielded, queued, lost, discarded } = this.#loop.stats;
    expect(yielded, model.count('yielded'), 'yielded');
    expect(queued, model.waiting.length, 'queued');
    const either = model.count('either');
    const isAmong = (count: number, least: number): boolean =>
      count >= least && count <= least + either;
    expect(isAmong(lost, model.count('lost')), true, 'lost');
    expect(isAmong(discarded, model.count('discarded')), true, 'discarded');
    for (const [id, socket] of this.#server.sockets.entries()) checkSocket(socket, model.fates[id]);
    const { now, immediates } = this.clock;
    if (!model.isOver) this.#ending.checkDelay(now, immediates > 0);
  }

  protected override onTurn(): void {
    if (this.#stop.signal.aborted) this.#ending.onTurn(this.clock.now);
  }

  protected async end(): Promise<void> {
    const { sockets, handshakes, emitter } = this.#server;
    await this.happen(() => this.abort());
    await this.passUntil(() => this.#model.isOver);
    while (this.#model.waiting.length > 0) await this.happen(() => this.ask(1, false));
    // The first of them may be told of a failure, and every further one that it is over.
    await this.happen(() => this.ask(1, false));
    await this.happen(() => this.ask(1, false));
    for (const failure of this.#consumers.failures) expect(failure, bindError, 'the failure');
    for (const socket of handshakes) expect(socket.destroyed, true, 'handshake ended');
    // What was yielded is the consumers', and they end it.
    await this.happen(() => {
      for (const socket of sockets) if (!socket.destroyed) socket.reset();
    });
    await this.passUntil(() => this.clock.immediates === 0);
    const watches = this.#server.isWatched ? { listening: 1 } : {};
    assert.deepEqual(listenersOn(emitter), { ...this.#listenersBefore, ...watches });
    // There may be another loop now.
    if (this.#server.server) this.#server.server.closes = 0;
    await this.#server.loop(new AbortController().signal).return();
    await this.passUntil(() => this.clock.immediates === 0);
    assert.deepEqual(listenersOn(emitter), this.#listenersBefore);
  }

  get #isLastCall(): boolean {
    const { closes = 0 } = this.#server.server ?? {};
    return this.#stop.signal.aborted && !this.#model.isOver && closes === 0;
  }

  #leaveWithin(): void {
    this.#model.leaveInOneGo(this.#consumers.lookAtYields());
    void this.#loop.return();
  }

  /** It stops listening by itself when the server is closed, or when nothing can come. */
  #checkEnd(): void {
    if (this.#model.isOver || this.#server.isHeard) return;
    this.#model.isOver = true;
    this.#ending.checkEnd(this.clock.now, this.#stop.signal.aborted);
  }
}
