import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, saysClose } from '../../support/http-messages.ts';
import { turns } from '../../support/turns.ts';
import type { Behaviour } from '../behaviour.ts';
import { greet, held } from './handlers.ts';

/** What is told to HTTP clients, and how long they are waited for. */
export const httpDraining: readonly Behaviour[] = [
  {
    number: 21,
    title: 'is not held by an HTTP client that never sends a byte',
    needs: ['drain', 'http'],
    async holds(scene) {
      const serving = await scene.serve(greet, { protocol: 'http' });
      await serving.connect();
      await serving.arrived(1);
      serving.stop();
      await scene.happens(serving.over, 'waits until that client goes away');
    },
  },
  {
    number: 22,
    title: 'ends idle HTTP connections soon, and half a request when its head is overdue',
    needs: ['drain', 'http'],
    async holds(scene) {
      const serving = await scene.serve(greet, { protocol: 'http', headersTimeout: 150 });
      const idle = await serving.connect();
      idle.socket.write(get('/'));
      await once(idle.socket, 'data');
      const half = await serving.connect();
      await serving.arrived(2);
      await new Promise((resolve) => half.socket.write('GET / HTTP/1.1\r\nHo', resolve));
      // It is with the kernel: the server reads it in its next turn.
      await turns(5);
      serving.stop();
      await scene.happens(idle.ending, 'leaves the idle one open');
      await scene.happens(half.ending, 'waits for half a request even when its head is overdue');
      await scene.happens(serving.over, 'does not end');
    },
  },
  {
    number: 23,
    title: 'says `Connection: close` in a response in flight, and ends the connection after it',
    needs: ['drain', 'http'],
    async holds(scene) {
      const { handler, running, release } = held();
      const serving = await scene.serve(handler, { protocol: 'http' });
      const { socket, ending } = await serving.connect();
      socket.write(get('/'));
      await running(1);
      serving.stop();
      await scene.refuses(serving);
      release();
      assert.ok(saysClose(String(await once(socket, 'data'))), 'does not say `close`');
      await scene.happens(ending, 'leaves the connection open');
      await scene.happens(serving.over, 'does not end');
    },
  },
];
