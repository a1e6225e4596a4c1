import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { serve, type ServeContext } from 'accept-loop';
import { listening, connect } from '../support/sockets.ts';
import { gate, scene } from '../support/scene.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { suite } from '../support/suite.ts';
import { turns, until, untilAborted } from '../support/turns.ts';

const test = suite('an AbortError of a handler');

type Reject = (context: ServeContext, shutdown: AbortSignal) => Promise<unknown>;

const nobody = (): void => {};

function aborted(reason?: unknown): AbortSignal {
  const own = new AbortController();
  own.abort(reason);
  return own.signal;
}

/** As libraries make them: no `DOMException`, and without a cause. */
function abortError(options?: ErrorOptions): Error {
  return Object.assign(new Error('Aborted', options), { name: 'AbortError', code: 'ABORTED' });
}

/** What comes of a handler that fails once the shutdown has begun. */
async function toldOf(reject: Reject): Promise<readonly unknown[]> {
  const { server, serving, stop, errors, assertOver } = await scene((_: Socket, context) =>
    reject(context, stop.signal),
  );
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  await turns(2);
  stop.abort(new DOMException('deploy', 'AbortError'));
  await ending;
  assertCounts(await serving.finished, { accepted: 1, failed: 1 });
  await assertOver();
  return errors;
}

const theirs: Record<string, Reject> = {
  'is thrown by a signal of its own': async (_, shutdown) => {
    await once(shutdown, 'abort');
    aborted().throwIfAborted();
  },
  'is thrown by a signal of its own, though the context is read': async (context) => {
    const { signal, draining } = context;
    await until(() => draining.aborted);
    assert.equal(signal.aborted, false);
    aborted().throwIfAborted();
  },
  'is thrown by a signal of its own, though one of the context is listened to': async (context) => {
    await untilAborted(context.draining);
    aborted().throwIfAborted();
  },
  'is caused by a signal of its own': async ({ draining }) => {
    await untilAborted(draining);
    await delay(60_000, undefined, { signal: aborted() });
  },
  'is caused by another error': async ({ draining }) => {
    await untilAborted(draining);
    throw abortError({ cause: new Error('a bug') });
  },
  "is a library's, which has no signal of the context": async ({ signal }, shutdown) => {
    await once(shutdown, 'abort');
    assert.equal(signal.aborted, false);
    throw abortError();
  },
  'is caused by one without an end': async ({ draining }) => {
    await untilAborted(draining);
    throw Object.defineProperty(abortError(), 'cause', {
      get(this: PropertyDescriptor): unknown {
        const next = abortError();
        Object.defineProperty(next, 'cause', Object.getOwnPropertyDescriptor(this, 'cause') ?? {});
        return next;
      },
    });
  },
};

for (const [title, reject] of Object.entries(theirs)) {
  test(`tells when it ${title}`, async () => {
    const errors = await toldOf(reject);
    assert.deepEqual(
      errors.map((error) => (error as Error).name),
      ['AbortError'],
    );
  });
}

const ours: Record<string, Reject> = {
  'is the reason of the shutdown': async ({ draining }) => {
    await untilAborted(draining);
    draining.throwIfAborted();
  },
  'is the reason, by a signal that was made of it': async ({ signal, draining }) => {
    const both = AbortSignal.any([signal, draining]);
    await untilAborted(both);
    both.throwIfAborted();
  },
  'is the reason, by a signal that it was passed on to': async ({ draining }) => {
    const own = new AbortController();
    draining.addEventListener('abort', () => own.abort(draining.reason));
    await delay(60_000, undefined, { signal: own.signal });
  },
  "is a timer's": ({ draining }) => delay(60_000, undefined, { signal: draining }),
  "is a timer's, by the signal of the shutdown": (_, shutdown) =>
    delay(60_000, undefined, { signal: shutdown }),
  "is a timer's, by a signal that has aborted": async (context, shutdown) => {
    await once(shutdown, 'abort');
    await delay(60_000, undefined, { signal: context.draining });
  },
  "is an event's": ({ draining }) => once(new EventEmitter(), 'never', { signal: draining }),
  "is an event's, by a signal of both": ({ signal, draining }) =>
    once(new EventEmitter(), 'never', { signal: AbortSignal.any([signal, draining]) }),
  "is an event's, by a signal that has aborted": async (context, shutdown) => {
    await once(shutdown, 'abort');
    await once(new EventEmitter(), 'never', { signal: context.draining });
  },
  "is a request's": async ({ draining }) => {
    const silent = await listening(createHttp(nobody));
    try {
      const { port } = silent.address() as { port: number };
      await fetch(`http://127.0.0.1:${port}`, { signal: draining });
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  },
  'is caused by another one, which is caused by the reason': async ({ draining }) => {
    await untilAborted(draining);
    throw abortError({ cause: abortError({ cause: draining.reason }) });
  },
  "is a library's without a cause, which has a signal of the context": async ({ draining }) => {
    await untilAborted(draining);
    throw abortError();
  },
};

for (const [title, reject] of Object.entries(ours)) {
  test(`tells nobody when it ${title}`, async () => {
    assert.deepEqual(await toldOf(reject), []);
  });
}

test('tells when it is its own, before the shutdown and after it, of any kind of server', async () => {
  const server = await listening(createHttp());
  const { opened, open } = gate();
  const told: unknown[] = [];
  const handler = async ([{ url }]: [IncomingMessage, ServerResponse]): Promise<void> => {
    if (url === '/later') await opened;
    aborted().throwIfAborted();
  };
  const serving = serve(server, handler, { idle: 50, onError: (error) => told.push(error) });
  const { port } = server.address() as { port: number };
  assert.equal((await fetch(`http://127.0.0.1:${port}/now`)).status, 500);
  const later = fetch(`http://127.0.0.1:${port}/later`);
  await until(() => serving.stats.active === 1);
  const finished = serving.stop();
  await turns(2);
  open();
  assert.equal((await later).status, 500);
  assert.equal((await finished).failed, 2);
  assert.deepEqual(
    told.map((error) => (error as Error).name),
    ['AbortError', 'AbortError'],
  );
});

test('tells nobody when grace is over, whose reason causes it', async () => {
  const { server, serving, errors } = await scene((_, { signal }) =>
    delay(60_000, undefined, { signal }),
  );
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  const finished = serving.stop({ grace: 0 });
  await ending;
  assertCounts(await finished, { accepted: 1, forced: 1 });
  assert.deepEqual(errors, []);
});

test('tells nobody when the reason of the shutdown is null', async () => {
  const { server, serving, stop, errors } = await scene((_, { draining }) =>
    delay(60_000, undefined, { signal: draining }),
  );
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  stop.abort(null);
  await ending;
  assertCounts(await serving.finished, { accepted: 1, failed: 1 });
  assert.deepEqual(errors, []);
});

test.run();
