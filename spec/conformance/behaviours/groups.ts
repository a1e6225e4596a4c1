import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gate } from '../../support/scene.ts';
import { turns } from '../../support/turns.ts';
import type { Behaviour } from '../behaviour.ts';
import { greet } from './handlers.ts';
import type { Group, Serving } from '../implementation.ts';
import type { Scene } from '../scene.ts';
import { settled } from '../settled.ts';

const aborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, 'abort');
};

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A second server that cannot be bound takes the first one down with it. */
async function failsToBind(scene: Scene): Promise<void> {
  const servings: Serving[] = [];
  const { error } = await settled(
    scene.group(async ({ signal, run }) => {
      const first = await scene.serve(greet, { signal });
      servings.push(first);
      void run(() => first.over);
      await scene.serve(greet, { signal, port: first.port });
    }),
  );
  assert.equal((error as NodeJS.ErrnoException).code, 'EADDRINUSE');
  const [first] = servings;
  assert.ok(first);
  await scene.refuses(first);
}

type Run = Parameters<Parameters<Group>[0]>[0]['run'];

/** Begins a task when another one has ended, before anybody else hears of that end. */
async function begins(run: Run, last: Promise<void>, task: () => Promise<void>): Promise<void> {
  await last;
  await run(task);
}

/** Tasks that belong together, servers among them. */
export const groups: readonly Behaviour[] = [
  {
    number: 28,
    title:
      'stops the other tasks after a failure, if that is wanted, and rejects with the same error',
    needs: ['group'],
    async holds({ group }) {
      const [failure, another] = [new Error('first'), new Error('second')];
      const reasons: unknown[] = [];
      const one = await settled(
        group(({ run }) => {
          void run(async (signal) => {
            await aborted(signal);
            reasons.push(signal.reason);
          });
          void run(() => Promise.reject(failure));
        }),
      );
      assert.equal(one.error, failure);
      assert.deepEqual(reasons, [failure]);
      const both = await settled(
        group(({ run }) => {
          void run(() => Promise.reject(failure));
          void run(() => Promise.reject(another));
        }),
      );
      assert.deepEqual((both.error as AggregateError).errors, [failure, another]);
    },
  },
  {
    number: 29,
    title: 'ends when its body has ended and no task is left, even one begun as the last task ends',
    needs: ['group'],
    async holds({ group }) {
      const order: string[] = [];
      const body = gate();
      const over = group(async ({ run }) => {
        void run(async () => void order.push('task'));
        await body.opened;
        order.push('body');
        const last = run(async () => {
          await turns(1);
          order.push('last');
        });
        void begins(run, last, async () => {
          await turns(1);
          order.push('begun after it');
        });
      }).then(() => order.push('over'));
      await turns(3);
      assert.deepEqual(order, ['task']);
      body.open();
      await over;
      assert.deepEqual(order, ['task', 'body', 'last', 'begun after it', 'over']);
    },
  },
  {
    number: 30,
    title: 'cancels the tasks in it, even tasks begun late, and nothing outside it',
    needs: ['group'],
    async holds({ group }) {
      const reason = new Error('enough');
      const seen: unknown[] = [];
      await group(async (outer) => {
        await group(async (inner) => inner.cancel('inner'), { signal: outer.signal });
        seen.push(outer.signal.aborted);
        const nested = group(
          (middle) => group(({ run }) => run(aborted), { signal: middle.signal }),
          { signal: outer.signal },
        );
        outer.cancel(reason);
        await nested;
        await outer.run(async (signal) => void seen.push(signal.aborted, signal.reason));
      });
      assert.deepEqual(seen, [false, true, reason]);
    },
  },
  {
    number: 46,
    title: 'serves a port and a Unix socket together: one stop, and one end if a bind fails',
    needs: ['group'],
    holds: (scene) =>
      inFolder(async (folder) => {
        const stop = new AbortController();
        const over = scene.group(
          async ({ signal, run }) => {
            const both = [
              await scene.serve(greet, { signal }),
              await scene.serve(greet, { signal, path: join(folder, 'socket') }),
            ];
            for (const serving of both) {
              void run(() => serving.over);
              const { ending } = await serving.connect();
              assert.equal((await ending).text, 'hello');
            }
            stop.abort();
          },
          { signal: stop.signal },
        );
        await scene.happens(over, 'does not end');
        await failsToBind(scene);
      }),
  },
];
