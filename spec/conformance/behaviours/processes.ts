import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Behaviour } from '../behaviour.ts';
import { held } from './handlers.ts';

/** TLS, and the signals of the operating system. */
export const processes: readonly Behaviour[] = [
  {
    number: 47,
    title: 'ends a TLS client that never speaks or goes away, gives none to a handler, and goes on',
    needs: ['handshake timeout'],
    async holds(scene) {
      let handled = 0;
      const count = (): void => void (handled += 1);
      const serving = await scene.serve(count, { protocol: 'tls', handshakeTimeout: 150 });
      const silent = await serving.connect();
      const leaver = await serving.connect();
      leaver.socket.end('\u0016\u0003\u0001');
      await scene.happens(silent.ending, 'leaves the silent client connected');
      await leaver.ending;
      assert.equal(handled, 0, 'hands it to a handler');
      const next = await serving.connect();
      next.socket.destroy();
      assert.notEqual((await next.ending).by, 'ECONNREFUSED', 'serves no client any more');
    },
  },
  {
    number: 48,
    title: 'drains at the first SIGTERM, and is not killed by the second one',
    needs: ['process signals', 'grace'],
    async holds(scene) {
      const listeners = process.listenerCount('SIGTERM');
      const signal = scene.shutdownSignal();
      const { handler, running } = held();
      const serving = await scene.serve(handler, { signal, grace: 100 });
      const { ending } = await serving.connect();
      await running(1);
      process.kill(process.pid, 'SIGTERM');
      await once(signal, 'abort');
      process.kill(process.pid, 'SIGTERM');
      await scene.refuses(serving);
      await ending;
      await scene.ended(serving);
      assert.equal(serving.stats().counts['forced'], 1);
      signal[Symbol.dispose]();
      assert.equal(process.listenerCount('SIGTERM'), listeners);
    },
  },
];
