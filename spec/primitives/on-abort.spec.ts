import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { acceptLoop, delaySignal, drain, listen, serve, taskGroup } from 'accept-loop';
import { limits } from '../support/limits.ts';
import { abortListeners } from '../support/listeners.ts';
import { listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('the signal');

test(
  'is heard though another listener stops its propagation (A16)',
  async () => {
    const server = await listening(createServer());
    const stop = new AbortController();
    stop.signal.addEventListener('abort', (event) => event.stopImmediatePropagation());
    const loop = acceptLoop(server, stop.signal);
    stop.abort();
    assert.equal((await loop.next()).done, true);
  },
  { cannot: limits.abortListenerResists },
);

test('ends every loop that waits for it', async () => {
  const stop = new AbortController();
  const servers = await Promise.all([1, 2, 3].map(() => listening(createServer())));
  const loops = servers.map((server) => acceptLoop(server, stop));
  assert.equal(abortListeners(stop.signal), 1);
  stop.abort();
  for (const loop of loops) assert.equal((await loop.next()).done, true);
  assert.equal(abortListeners(stop.signal), 0);
});

test('keeps its listener for the loops that are left', async () => {
  const stop = new AbortController();
  const [first, second] = [await listening(createServer()), await listening(createServer())];
  const loops = [acceptLoop(first, stop.signal), acceptLoop(second, stop.signal)] as const;
  await loops[0].return();
  assert.equal(abortListeners(stop.signal), 1);
  stop.abort();
  assert.equal((await loops[1].next()).done, true);
});

test("may be aborted by whoever hears of another loop's end", async () => {
  const stop = new AbortController();
  const server = await listening(createServer());
  const loop = acceptLoop(server, stop.signal);
  stop.signal.addEventListener('abort', () => void loop.return());
  stop.abort();
  assert.equal((await loop.next()).done, true);
  assert.equal(abortListeners(stop.signal), 1, 'the one of this spec');
});

/** A signal of another implementation, whose methods are its owner's. */
class OtherSignal extends EventTarget {
  aborted = false;
  reason: unknown = undefined;

  abort(): void {
    this.aborted = true;
    this.dispatchEvent(new Event('abort'));
  }
}

function fails(): never {
  throw new Error('the signal resists');
}

for (const [what, resistance] of Object.entries({
  'its reason': { get: fails },
  'removeEventListener()': { value: fails },
})) {
  test(`is heard by all that wait for it, though ${what} throws`, async () => {
    const { stopCollecting } = collectWarnings();
    const other = new OtherSignal();
    const name = what === 'its reason' ? 'reason' : 'removeEventListener';
    Object.defineProperty(other, name, resistance);
    const signal = other as EventTarget as AbortSignal;
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => listening(createServer())));
    assert.ok(one && two && three);
    const options = { signal, grace: 0 };
    const ends = [
      acceptLoop(one, { signal }).next(),
      serve(two, () => {}, options).finished,
      drain(three, options),
      taskGroup((group) => once(group.signal, 'abort'), { signal }),
    ];
    const later = delaySignal(signal, 0);
    const bound = await listen(createServer(), { port: 0, host: '127.0.0.1' }, { signal });
    bound.close();
    other.abort();
    await Promise.all(ends);
    stopCollecting();
    assert.equal(later.aborted, true);
    for (const server of [one, two, three]) assert.equal(server.listening, false);
  });
}

test.run();
