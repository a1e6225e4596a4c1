import assert from 'node:assert/strict';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { assertStats } from '../../support/report.ts';
import { drainsOf } from './drains.ts';
import type { FakeHandler } from './fake-handler.ts';
import { expect, History } from './history.ts';
import { checkCounts, checkReport, checkSignals, checkStream } from './serve-checks.ts';
import { ServeModel } from './serve-model.ts';
import { ServeScene, type ServeSetting, stopped } from './serve-scene.ts';

/** A stream that is destroyed needs six; the last one is what hears of it. */
const TICKS = 9;
/** How late a close by others may be noticed. */
const NOTICE_MS = 250;
/** From the end of grace to the end of all, at the least and at the most. */
const LAST_MS = [99, 250] as const;

/** One `serve` with its server, its clients and its handlers. */
export class ServeHistory extends History {
  readonly scene: ServeScene;
  readonly #model: ServeModel;
  readonly #listenersBefore: Record<string, number> = { error: 1 };
  #closedByOthers = Infinity;
  #failure: Error | undefined;
  /** Whether it had when microtasks ran dry the last time. */
  #hasSettled = false;

  constructor(setting: ServeSetting) {
    super(TICKS);
    this.#model = new ServeModel(setting);
    this.scene = new ServeScene(setting, this.#model, () => this.clock.now);
  }

  abort(): boolean {
    const { stop, settled } = this.scene;
    if (stop.signal.aborted) return false;
    const isFirst = this.#model.begun === Infinity;
    stop.abort(stopped);
    if (isFirst && !settled) this.#begin(this.scene.setting.grace);
    return true;
  }

  stop(grace: number = this.scene.setting.grace): boolean {
    if (this.scene.settled) return false;
    this.scene.serving.stop({ grace }).catch(() => {});
    this.#begin(grace);
    return true;
  }

  dispose(): boolean {
    if (this.scene.settled) return false;
    void this.scene.serving[Symbol.asyncDispose]();
    this.#begin(this.scene.setting.grace);
    return true;
  }

  closeByOthers(): boolean {
    const { server } = this.scene;
    if (!server.listening) return false;
    server.close();
    server.closes -= 1;
    if (this.#model.begun === Infinity) this.#closedByOthers = this.clock.now;
    return true;
  }

  acceptError(): void {
    const error = Object.assign(new Error('accept'), { syscall: 'accept' });
    this.scene.server.emit('error', error);
  }

  serverError(): boolean {
    const { server, settled } = this.scene;
    if (!server.listening || settled) return false;
    this.#failure ??= new Error('listen');
    const isFirst = this.#model.begun === Infinity;
    server.emit('error', this.#failure);
    if (isFirst) this.#begin(this.scene.setting.grace);
    return true;
  }

  check(): void {
    const { serving, streams, server, stop, wrong } = this.scene;
    if (wrong.length > 0) throw wrong[0];
    const { stats } = serving;
    assertStats(stats);
    expect(stats.accepted, streams.length, 'accepted');
    expect(stats.shed, this.#model.count('shed'), 'shed');
    expect(abortListeners(stop.signal) <= 1, true, 'listeners on the signal');
    expect(server.closes <= 1, true, 'closed once');
    expect(drainsOf(server).length <= 1, true, 'begun once');
  }

  checkDry(): void {
    const model = this.#model;
    const { scene, clock } = this;
    if (scene.wrong.length > 0) throw scene.wrong[0];
    // A promise that has settled has been heard before a timer, or a server's 'close'.
    this.#settleHandlers(({ outcome, settledAt }) => outcome !== 'closed' || settledAt < clock.now);
    // Those that were refused have gone, too, but not by themselves.
    model.passByGone((id) => scene.streams[id]?.destruction?.by !== 'library');
    this.#noticeClose();
    if (clock.now >= model.due && !model.isForced && !this.#hasSettled) this.#force();
    this.#hasSettled = scene.settled !== undefined;
    this.#settleHandlers(() => true);
    model.rest(model.begun < Infinity && !model.isForced && scene.server.closes === 0);
    checkCounts(scene.serving.stats, model);
    const { active, queued } = scene.serving.stats;
    if (!model.isForced) expect(active, model.running.size, 'active');
    expect(queued, model.waiting.length, 'queued');
    const { setting, handlers } = scene;
    for (const stream of scene.streams) {
      checkStream({ stream, handlers, model, setting, now: clock.now });
    }
    for (const handler of scene.handlers) checkSignals(handler, model);
    this.#checkEnd();
  }

  protected async end(): Promise<void> {
    const { scene } = this;
    await this.happen(() => this.stop(Math.min(this.scene.setting.grace, 1000)));
    await this.passUntil(() => scene.settled !== undefined);
    const { report, error, unsettled = 0 } = scene.settled ?? {};
    expect(error, this.#failure, 'the failure');
    if (report) checkReport(report, this.#model, unsettled);
    const before = scene.serving.stats;
    // Whoever comes too late is told all the same, and changes nothing.
    await this.happen(() => {
      while (scene.settle(0, 'fails'));
    });
    assert.deepEqual(scene.serving.stats, before);
    assert.deepEqual(scene.told, scene.faults);
    await this.passUntil(() => this.clock.immediates === 0);
    assert.deepEqual(listenersOn(scene.server), this.#listenersBefore);
    expect(abortListeners(scene.stop.signal), 0, 'listeners on the signal');
  }

  /** A shutdown begins now, or has an earlier deadline. */
  #begin(grace: number): void {
    const model = this.#model;
    if (model.begun === Infinity) expect(drainsOf(this.scene.server).length, 1, 'begun');
    model.stop(this.clock.now, grace);
    if (grace === 0 && !model.isForced) this.#force();
  }

  #settleHandlers(isHeard: (handler: FakeHandler) => boolean): void {
    for (const handler of this.scene.handlers) if (isHeard(handler)) this.#settleHandler(handler);
  }

  #settleHandler({ stream, outcome }: FakeHandler): void {
    if (outcome === undefined) return;
    const hasFailed =
      outcome === 'rejected' || (outcome === 'closed' && (stream.errored || stream.wasCut));
    this.#model.settle(stream.id, hasFailed ? 'failed' : 'completed');
  }

  #force(): void {
    const model = this.#model;
    const { now } = this.clock;
    // In the same instant they may have ended before, by themselves or because they lingered.
    const either = this.scene.handlers.filter(
      ({ outcome, settledAt, stream }) =>
        model.running.has(stream.id) &&
        outcome === 'closed' &&
        settledAt === now &&
        (stream.destruction?.by !== 'library' || stream.writableFinished || stream.wasCut),
    );
    const before = model.running.size - this.scene.serving.stats.forced;
    for (const handler of either.slice(0, Math.max(0, before))) this.#settleHandler(handler);
    model.force(now);
  }

  #noticeClose(): void {
    const { now } = this.clock;
    const model = this.#model;
    if (model.begun < Infinity) return;
    const isNoticed = drainsOf(this.scene.server).length > 0;
    expect(now > this.#closedByOthers + NOTICE_MS, false, 'not noticed in time');
    if (isNoticed) expect(this.#closedByOthers < Infinity, true, 'begun without a reason');
    if (isNoticed) this.#begin(this.scene.setting.grace);
  }

  /** It is over when nothing is left, or a moment after grace. */
  #checkEnd(): void {
    const { settled, streams, server } = this.scene;
    const model = this.#model;
    const { now } = this.clock;
    const isEmpty = model.running.size + model.waiting.length === 0;
    const isClosed = streams.every(({ closed }) => closed);
    const [least, most] = LAST_MS;
    if (settled) {
      expect(
        streams.every(({ destroyed }) => destroyed),
        true,
        'nothing open at the end',
      );
      expect((isEmpty && isClosed) || now >= model.forcedAt + least, true, 'over when all is');
    } else {
      expect(now > model.due + most, false, 'not over in time');
      const isLastCall = server.listening || this.clock.immediates > 0;
      const isStopped = model.begun < Infinity;
      expect(isStopped && !isLastCall && isEmpty && isClosed, false, 'not over when all is');
    }
  }
}
