import assert from 'node:assert/strict';
import { once } from 'node:events';
import { drain } from 'accept-loop';
import { everyKind, open } from '../support/every-kind.ts';
import { inTime } from '../support/in-time.ts';
import { limits } from '../support/limits.ts';
import { settleRequests } from '../support/scene.ts';
import { suite } from '../support/suite.ts';

const test = suite("drain of a server whose 'close' is not heard", { timeout: 20_000 });

/** Longer than the time limit of a test: the drain must not wait for it. */
const grace = 60_000;

/** The bound of the last call, and the time of idle connections. */
const LAST_CALL_MS = 500;

for (const [name, kind] of Object.entries(everyKind)) {
  test(`is over although all its listeners for it were removed: ${name}`, async () => {
    const { target, server } = await open(kind, (emitter, of) => {
      if (of === 'server') settleRequests(emitter);
    });
    const stop = new AbortController();
    const drained = drain(target as Parameters<typeof drain>[0], {
      signal: stop.signal,
      grace,
      idle: 0,
    });
    target.removeAllListeners('close');
    stop.abort();
    const { forced } = await inTime(LAST_CALL_MS, drained);
    assert.equal(forced, 0);
    if (server?.listening) server.close();
  });
}

test(
  'is over although they were removed after its owner had closed it',
  async () => {
    const { target } = await open(everyKind['http'] ?? assert.fail(), () => {});
    const drained = drain(target as Parameters<typeof drain>[0], {
      signal: new AbortController().signal,
      grace,
      idle: 0,
    });
    const closed = once(target, 'close');
    (target as unknown as { close(): void }).close();
    target.prependListener('close', () => target.removeAllListeners('close'));
    await closed.catch(() => {});
    const awake = setInterval(() => {}, 1000);
    await inTime(LAST_CALL_MS, drained);
    clearInterval(awake);
  },
  { cannot: limits.connectionsAfterClose },
);

test.run();
