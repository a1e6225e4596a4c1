import assert from 'node:assert/strict';
import type { Server } from 'node:net';
import { acceptLoop, drain, listen, serve } from '../../../lib/index.ts';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { listening } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { turns, until } from '../../support/turns.ts';
import { servers } from './conversations.ts';

const test = suite('an option that aborts the signal when it is read');

type Options = { signal: AbortSignal };

/** What is read after the signal, by what is called. */
const uses: Record<string, (server: Server, options: Options) => Promise<unknown>> = {
  acceptLoop: (server, options) => acceptLoop(server, options).next(),
  serve: (server, options) => serve(server, () => {}, options).finished,
  drain: (server, options) => drain(server, options),
};
const names: Record<string, string> = { acceptLoop: 'maxQueued', serve: 'grace', drain: 'grace' };

for (const [kind, create] of Object.entries(servers)) {
  for (const [name, use] of Object.entries(uses)) {
    test(`is as good as one that has aborted before (${name}, ${kind})`, async () => {
      const server = await listening(create());
      let closes = 0;
      server.on('close', () => (closes += 1));
      const before = listenersOn(server);
      const stop = new AbortController();
      const get = (): number => {
        stop.abort();
        return 1;
      };
      const options = Object.defineProperty({ signal: stop.signal }, names[name] ?? '', {
        get,
        enumerable: true,
      });
      await use(server, options);
      await until(() => closes > 0);
      await turns(3);
      assert.deepEqual(listenersOn(server), before);
      assert.deepEqual([server.listening, closes, abortListeners(stop.signal)], [false, 1, 0]);
    });
  }

  test(`keeps a bind from being begun, or ends it (listen, ${kind})`, async () => {
    const server = create();
    const before = listenersOn(server);
    const stop = new AbortController();
    const where = {
      get port() {
        stop.abort();
        return 0;
      },
      host: '127.0.0.1',
    };
    await assert.rejects(listen(server, where, stop.signal), { name: 'AbortError' });
    await turns(3);
    assert.equal(server.listening, false);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(stop.signal), 0);
  });
}

test.run();
