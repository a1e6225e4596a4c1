import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { acceptLoop } from 'accept-loop';
import { limits } from '../support/limits.ts';
import { abortListeners } from '../support/listeners.ts';
import { listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

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

test.run();
