import assert from 'node:assert/strict';
import { burstClient } from '../../support/burst-client.ts';
import { stallUntilQueued } from '../../support/accept-queue.ts';
import type { Client } from '../../support/sockets.ts';
import { turns } from '../../support/turns.ts';
import type { Behaviour } from '../behaviour.ts';
import { greet } from './handlers.ts';
import type { Looping, Serving } from '../implementation.ts';
import { late } from '../scene.ts';
import { settled } from '../settled.ts';

async function connectAll(to: Looping, count: number): Promise<Client[]> {
  return await Promise.all(Array.from({ length: count }, () => to.connect()));
}

/** Clients that come one after the other, without a pause, until they are refused. */
async function flood({ connect }: Serving): Promise<void> {
  for (let by = ''; by !== 'ECONNREFUSED';) {
    const { ending } = await connect();
    ({ by } = await ending);
  }
}

/** Loops, and the connections that wait to be accepted or handed out. */
export const waiting: readonly Behaviour[] = [
  {
    number: 5,
    title: 'ends its loop when other code closes the listener, while a connection is open',
    needs: ['loop'],
    async holds(scene) {
      const looping = await scene.loop();
      await looping.connect();
      await looping.connections.next();
      const pending = settled(looping.connections.next());
      looping.close();
      const { value } = await scene.happens(pending, 'waits for the connection to end');
      assert.equal(value?.done, true, 'ends its loop with an error');
    },
  },
  {
    number: 6,
    title: 'says that it is done each time it is asked after the end',
    needs: ['loop'],
    async holds(scene) {
      const { connections, stop } = await scene.loop();
      stop();
      await scene.happens(settled(connections.next()), 'does not end');
      for (let count = 0; count < 2; count += 1) {
        const next = await scene.happens(connections.next(), 'has who asks then wait for ever');
        assert.deepEqual(next, { done: true, value: undefined });
      }
    },
  },
  {
    number: 8,
    title: 'serves or ends a connection that comes in the same turn as the stop',
    needs: ['events'],
    async holds(scene) {
      const serving = await scene.serve(greet);
      serving.onAccept(() => serving.stop());
      const { ending } = await serving.connect();
      const { text } = await scene.happens(
        ending,
        'leaves the connection open, and does not serve it',
      );
      assert.ok(['', 'hello'].includes(text));
    },
  },
  {
    number: 9,
    title: 'serves or ends each of 64 connections that wait for a slow consumer at the stop',
    needs: ['loop'],
    async holds(scene) {
      const looping = await scene.loop();
      const { connections, stop, stats } = looping;
      const clients = await connectAll(looping, 64);
      stop();
      let served = 0;
      for (;;) {
        const { value } = await scene.happens(settled(connections.next()), 'does not end');
        if (!value || value.done === true) break;
        await turns(2);
        value.value.end('hello');
        served += 1;
      }
      const all = Promise.all(clients.map(({ ending }) => ending));
      const endings = await scene.happens(all, 'leaves connections open that no handler serves');
      assert.equal(endings.filter(({ text }) => text === 'hello').length, served);
      const { yielded = served } = stats().counts;
      assert.equal(yielded, served);
    },
  },
  {
    number: 10,
    title: 'closes its listener and ends waiting connections when the loop is left by `break`',
    needs: ['loop'],
    async holds(scene) {
      const looping = await scene.loop();
      const clients = await connectAll(looping, 6);
      await looping.arrived(6);
      const { connections } = looping;
      const { value: first } = await connections.next();
      await connections.return?.();
      const [, ...others] = clients;
      const gone = await scene.soon(Promise.all(others.map(({ ending }) => ending)));
      assert.notEqual(gone, late, 'leaves waiting connections open');
      await scene.refuses(looping);
      assert.ok(first !== undefined);
    },
  },
  {
    number: 11,
    title: 'stops within two seconds even if clients come without a pause',
    needs: [],
    async holds(scene) {
      const serving = await scene.serve(greet);
      const floods = Array.from({ length: 6 }, () => flood(serving));
      await serving.arrived(20);
      const begun = performance.now();
      serving.stop();
      await scene.happens(serving.over, 'does not end');
      assert.ok(performance.now() - begun < 2000, 'takes more than two seconds');
      await Promise.all(floods);
    },
  },
  {
    number: 12,
    title: 'serves 100 clients that wait in the kernel’s accept queue at the stop',
    needs: [],
    async holds(scene) {
      // A busy machine may not accept many more in the half second that a last call may take.
      const count = 100;
      const serving = await scene.serve(greet);
      const client = await burstClient();
      const outcomes = client.burst(serving.port, count);
      await turns(1);
      stallUntilQueued(serving.port, count);
      serving.stop();
      const { served } = await outcomes;
      await client.stop();
      assert.equal(served, count, 'resets the clients in the accept queue');
    },
  },
];
