import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { listen, serve, taskGroup } from '../../../lib/index.ts';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { suite } from '../../support/suite.ts';
import { turns } from '../../support/turns.ts';

const test = suite('a signal that is aborted from inside');

const reason = new Error('as you wish');

type Act = (stop: AbortController, cancel: (reason: unknown) => void) => void;

const acts: Record<string, Act> = {
  'an abort': (stop) => stop.abort(reason),
  'a cancel': (_stop, cancel) => cancel(reason),
  both: (stop, cancel) => {
    cancel(reason);
    stop.abort(reason);
  },
};

const places = [
  'the body',
  'the body, later',
  'a task',
  'a task, later',
  'a task of a task',
  "an abort listener of the group's signal",
  'the then of a task',
] as const;

/** A group with a server in it that acts at one place, and is ended by its body at the end. */
async function runGroup(wanted: string, act: Act): Promise<void> {
  const stop = new AbortController();
  let acted = 0;
  let ended = 0;
  let report: unknown;
  const result = await taskGroup(
    async (group) => {
      const at = (place: string): void => {
        if (place !== wanted || acted > 0) return;
        acted += 1;
        act(stop, group.cancel);
      };
      const later = "an abort listener of the group's signal";
      group.signal.addEventListener('abort', () => at(later));
      at('the body');
      void group.run(async (signal) => {
        at('a task');
        await turns(1);
        at('a task, later');
        await group.run(async () => at('a task of a task'));
        const server = await listen(createServer(), { port: 0, host: '127.0.0.1' });
        report = await serve(server, () => {}, { signal, grace: 100 }).finished;
        ended += 1;
      });
      void group.run(() => ({
        // oxlint-disable-next-line unicorn/no-thenable -- a promise of somebody else's
        then(resolve: (value: unknown) => void) {
          at('the then of a task');
          resolve(1);
        },
      }));
      await turns(2);
      at('the body, later');
      await turns(10);
      // Not the parent's signal: a listener would stay on it.
      group.cancel(reason);
      return 'result';
    },
    { signal: stop.signal },
  );
  assert.deepEqual([result, acted, ended], ['result', 1, 1]);
  assert.ok(report);
  assert.equal(abortListeners(stop.signal), 0);
}

for (const [what, act] of Object.entries(acts)) {
  for (const place of places) {
    test(`a task group ends in order: ${place}, by ${what}`, () => runGroup(place, act));
  }
}

type Prepare = (server: Server, abort: () => void) => void;

/** Where somebody aborts while a server is being bound. */
const moments: Record<string, Prepare> = {
  'a listener for its listening, before ours': (server, abort) => server.once('listening', abort),
  'the next tick': (_server, abort) => process.nextTick(abort),
  'a microtask': (_server, abort) => queueMicrotask(abort),
};

for (const [moment, prepare] of Object.entries(moments)) {
  test(`cancels a bind or comes too late, and nothing between: ${moment}`, async () => {
    const server = createServer();
    const before = listenersOn(server);
    const stop = new AbortController();
    prepare(server, () => stop.abort(reason));
    const where = { port: 0, host: '127.0.0.1' };
    const outcome = await listen(server, where, { signal: stop.signal }).catch((error) => error);
    assert.equal(server.listening, outcome === server);
    if (!server.listening) assert.equal(outcome, reason);
    await turns(3);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(stop.signal), 0);
    if (server.listening) server.close();
    // It may be bound all the same.
    else (await listen(server, where)).close();
  });
}

test.run();
