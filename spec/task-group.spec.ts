import assert from 'node:assert/strict';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expectTypeOf } from 'expect-type';
import { type TaskGroup, taskGroup } from '../lib/task-group.ts';
import { abortListeners } from './support/listeners.ts';
import { watch } from './support/programs.ts';
import { runtime } from './support/runtime.ts';
import { gate } from './support/scene.ts';
import { spawnScript } from './support/spawn-script.ts';
import { suite } from './support/suite.ts';
import { turns } from './support/turns.ts';
import { collectWarnings } from './support/warnings.ts';

const test = suite('taskGroup');

/** A task that ends when it is told to, as most do: by a rejection with the signal's reason. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

/** A task of Node: it rejects with an AbortError of its own. */
async function timer(signal: AbortSignal): Promise<void> {
  await delay(60_000, undefined, { signal });
}

/** What a promise rejects with, whatever that is. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => assert.fail(`resolved with ${inspect(value)}`),
    (error: unknown) => error,
  );
}

test('gives what its body returns', async () => {
  assert.equal(await taskGroup(() => 5), 5);
  const result = taskGroup(async () => 'text');
  expectTypeOf(result).toEqualTypeOf<Promise<string | undefined>>();
  assert.equal(await result, 'text');
});

test('calls its body and each task at once', async () => {
  const calls: string[] = [];
  const ending = taskGroup(({ run }) => {
    calls.push('body');
    void run(() => void calls.push('task'));
    calls.push('body again');
  });
  calls.push('caller');
  assert.deepEqual(calls, ['body', 'task', 'body again', 'caller']);
  await ending;
});

test('waits for every task when its body has ended', async () => {
  const gates = [gate(), gate()] as const;
  let settled = false;
  const ending = taskGroup(({ run }) => {
    for (const { opened } of gates) void run(() => opened);
  });
  void ending.then(() => (settled = true));
  await turns(2);
  gates[1].open();
  await turns(2);
  assert.equal(settled, false);
  gates[0].open();
  await ending;
});

test('waits for its body when every task has ended', async () => {
  const { opened, open } = gate();
  let settled = false;
  const ending = taskGroup(async ({ run }) => {
    await run(() => {});
    await opened;
  });
  void ending.then(() => (settled = true));
  await turns(2);
  assert.equal(settled, false);
  open();
  await ending;
});

test('waits for a task that ignores its signal', async () => {
  const { opened, open } = gate();
  let settled = false;
  const ending = taskGroup(({ run, cancel }) => {
    void run(() => opened);
    cancel();
  });
  void ending.then(() => (settled = true));
  await turns(2);
  assert.equal(settled, false);
  open();
  await ending;
});

/** Each begins another task when the last one, and the body before it, has ended. */
const respawns: Record<string, (group: TaskGroup, another: () => Promise<void>) => void> = {
  'in its last lines'({ run }, another) {
    void run(async () => {
      try {
        await setImmediate();
      } finally {
        void run(another);
      }
    });
  },
  'in a callback of its promise'({ run }, another) {
    void run(() => setImmediate()).then(() => void run(another));
  },
  'behind an await of its promise'({ run }, another) {
    void (async () => {
      await run(() => setImmediate());
      void run(another);
    })();
  },
  'when it has failed'({ run }, another) {
    const failing = run(async () => {
      await setImmediate();
      throw new Error('failed');
    });
    failing.catch(() => void run(another));
  },
  'when the group is cancelled by its failure'({ run, signal }, another) {
    signal.addEventListener('abort', () => void run(another));
    void run(async () => {
      await setImmediate();
      throw new Error('failed');
    });
  },
};

for (const [when, respawn] of Object.entries(respawns)) {
  test(`waits for a task that the last one begins ${when} (B29)`, async () => {
    let hasEnded = false;
    const ending = taskGroup((group) => {
      respawn(group, async () => {
        await turns(3);
        hasEnded = true;
      });
    });
    await ending.catch(() => {});
    assert.equal(hasEnded, true);
  });
}

for (const failure of [new Error('failed'), undefined, null, 0, NaN, 'text', {}, []]) {
  test(`rejects with the failure of a task, be it ${inspect(failure)}`, async () => {
    let reason: unknown;
    const ending = taskGroup(async ({ run, signal }) => {
      void run(untilAborted);
      void run(timer);
      await assert.rejects(
        run(async () => {
          await setImmediate();
          // oxlint-disable-next-line typescript/only-throw-error -- that is the point
          throw failure;
        }),
        (error) => Object.is(error, failure),
      );
      reason = signal.reason;
    });
    assert.ok(Object.is(await rejection(ending), failure));
    // To abort with undefined is to abort with the reason by default.
    if (failure === undefined) assert.equal((reason as Error).name, 'AbortError');
    else assert.ok(Object.is(reason, failure));
  });

  test(`rejects with the failure of its body, be it ${inspect(failure)}`, async () => {
    let taskSignal: AbortSignal | undefined;
    const ending = taskGroup(({ run }) => {
      void run((signal) => {
        taskSignal = signal;
        return untilAborted(signal);
      });
      // oxlint-disable-next-line typescript/only-throw-error -- that is the point
      throw failure;
    });
    assert.ok(Object.is(await rejection(ending), failure));
    assert.equal(taskSignal?.aborted, true);
  });

  test(`counts once a failure that is awaited, be it ${inspect(failure)}`, async () => {
    const ending = taskGroup(async ({ run }) => {
      const failing = run(() => Promise.reject(failure));
      void run(() => failing);
      await failing;
    });
    assert.ok(Object.is(await rejection(ending), failure));
  });
}

test('rejects with the failure that came first, not with that of the first task', async () => {
  const [first, second] = [new Error('first'), new Error('second')];
  const { opened, open } = gate();
  let reason: unknown;
  const ending = taskGroup(({ run, signal }) => {
    void run(async () => {
      await opened;
      throw second;
    });
    void run(async () => {
      await setImmediate();
      throw first;
    });
    signal.addEventListener('abort', () => {
      ({ reason } = signal);
      open();
    });
  });
  const error = await rejection(ending);
  assert.ok(error instanceof AggregateError);
  assert.equal(error.message, 'Cannot complete the task group: 2 failures');
  assert.deepEqual(error.errors, [first, second]);
  assert.equal(error.errors[0], first);
  assert.equal(reason, first);
});

test('gathers every failure, in order, those of its body and after a cancel() too', async () => {
  const failures = [1, 2, 3, 4].map((number) => new Error(`failure ${number}`));
  const [first, second, third, fourth] = failures;
  const ending = taskGroup(async ({ run, cancel }) => {
    cancel();
    void run(() => Promise.reject(first));
    await setImmediate();
    void run(() => {
      throw second;
    });
    void run(async (signal) => {
      await untilAborted(signal).catch(() => {});
      await turns(2);
      throw fourth;
    });
    await setImmediate();
    throw third;
  });
  const error = await rejection(ending);
  assert.ok(error instanceof AggregateError);
  assert.deepEqual(error.errors, failures);
});

test('counts one failure that two have passed on as one', async () => {
  const failure = new Error('failed');
  const ending = taskGroup(async ({ run, cancel }) => {
    // So that it is not the signal's reason.
    cancel('enough');
    const failing = run(() => Promise.reject(failure));
    void run(() => failing);
    await failing;
  });
  assert.equal(await rejection(ending), failure);
});

test('counts no AbortError, nor the reason, once it is cancelled', async () => {
  const failure = new Error('failed');
  const ending = taskGroup(async ({ run, signal }) => {
    void run(timer);
    void run(untilAborted);
    void run(async () => {
      await untilAborted(signal).catch(() => {});
      await setImmediate();
      throw new DOMException('late', 'AbortError');
    });
    void run(async () => {
      await untilAborted(signal).catch(() => {});
      // oxlint-disable-next-line typescript/only-throw-error -- by name, whatever it is
      throw { name: 'AbortError' };
    });
    await setImmediate();
    throw failure;
  });
  assert.equal(await rejection(ending), failure);
});

test('counts an AbortError before it is cancelled', async () => {
  const failure = new DOMException('of something else', 'AbortError');
  const ending = taskGroup(async ({ run }) => {
    void run(untilAborted);
    await run(() => Promise.reject(failure));
  });
  assert.equal(await rejection(ending), failure);
});

test('is silent about a failure that nobody awaits', async () => {
  const failure = new Error('failed');
  const ending = taskGroup(async ({ run }) => {
    void run(() => Promise.reject(failure));
    await turns(3);
  });
  assert.equal(await rejection(ending), failure);
  // An unhandled rejection would fail this test.
  await turns(3);
});

test('hands out what a task gives, and makes a rejection of its throw', async () => {
  const failure = new Error('thrown');
  const ending = taskGroup(async ({ run }) => {
    const number = run(() => 5);
    expectTypeOf(number).toEqualTypeOf<Promise<number>>();
    assert.equal(await number, 5);
    const text = run(async () => 'text');
    expectTypeOf(text).toEqualTypeOf<Promise<string>>();
    assert.equal(await text, 'text');
    const throwing = run(() => {
      throw failure;
    });
    assert.equal(await rejection(throwing), failure);
  });
  assert.equal(await rejection(ending), failure);
});

test('hands each task the signal of the group, and counts those that have not ended', async () => {
  const { opened, open } = gate();
  const sizes: number[] = [];
  let left: TaskGroup | undefined;
  await taskGroup(async (group) => {
    left = group;
    sizes.push(group.size);
    const first = group.run((signal) => {
      assert.equal(signal, group.signal);
      sizes.push(group.size);
      return opened;
    });
    const second = group.run(() => opened);
    sizes.push(group.size);
    open();
    await Promise.all([first, second]);
    sizes.push(group.size);
  });
  assert.deepEqual(sizes, [0, 1, 2, 0]);
  assert.equal(left?.size, 0);
  assert.equal(left?.signal.aborted, false);
});

test('may be cancelled, in order', async () => {
  const reason = new Error('enough');
  const result = await taskGroup(async ({ run, cancel, signal }) => {
    void run(untilAborted);
    void run(timer);
    await setImmediate();
    cancel(reason);
    assert.equal(signal.reason, reason);
    cancel(new Error('ignored'));
    assert.equal(signal.reason, reason);
    return 'result';
  });
  assert.equal(result, 'result');
});

test('may be cancelled by a task, and gives undefined when its body ends by that', async () => {
  const result = await taskGroup(async ({ run, cancel, signal }) => {
    void run(() => cancel());
    assert.equal((signal.reason as Error).name, 'AbortError');
    await timer(signal);
    return 'never';
  });
  assert.equal(result, undefined);
});

test('fails by what goes wrong after it was cancelled', async () => {
  const failure = new Error('could not clean up');
  const ending = taskGroup(({ run, cancel }) => {
    void run(async (signal) => {
      await untilAborted(signal).catch(() => {});
      throw failure;
    });
    cancel();
  });
  assert.equal(await rejection(ending), failure);
});

test("is cancelled by its caller's signal, whose reason it passes on untouched", async () => {
  for (const reason of [new Error('stop'), 'stop', null, NaN, { why: 'stop' }]) {
    const stop = new AbortController();
    let taskReason: unknown;
    const ending = taskGroup(
      async ({ run, signal }) => {
        void run(timer);
        await run(untilAborted).catch((error: unknown) => (taskReason = error));
        assert.equal(signal.reason, reason);
        return 'result';
      },
      { signal: stop.signal },
    );
    stop.abort(reason);
    assert.equal(await ending, 'result');
    assert.equal(taskReason, reason);
  }
});

test("gives undefined when its body ends by its caller's abort", async () => {
  const stop = new AbortController();
  const groups = [
    taskGroup(({ signal }) => untilAborted(signal), stop),
    taskGroup(({ signal }) => timer(signal), stop),
    taskGroup(() => untilAborted(stop.signal), stop),
  ];
  stop.abort(new Error('stop'));
  assert.deepEqual(await Promise.all(groups), [undefined, undefined, undefined]);
});

test('runs its body with an aborted signal when its caller has aborted before (B30)', async () => {
  const reason = new Error('too late');
  const result = await taskGroup(
    async ({ run, signal }) => {
      assert.equal(signal.aborted, true);
      assert.equal(signal.reason, reason);
      void run(untilAborted);
      return 'result';
    },
    { signal: AbortSignal.abort(reason) },
  );
  assert.equal(result, 'result');
});

test('runs a task that comes after the cancellation, with an aborted signal', async () => {
  const failure = new Error('failed');
  let ran = 0;
  const ending = taskGroup(async ({ run, cancel }) => {
    cancel();
    await turns(2);
    void run((signal) => {
      assert.equal(signal.aborted, true);
      ran += 1;
    });
    void run(timer);
    void run(untilAborted);
    void run(() => Promise.reject(failure));
  });
  assert.equal(await rejection(ending), failure);
  assert.equal(ran, 1);
});

test('may hold another group, whose failure is its own', async () => {
  const failure = new Error('deep');
  const ends: string[] = [];
  const ending = taskGroup(async (outer) => {
    void outer.run((signal) => timer(signal).finally(() => ends.push('outer')));
    await outer.run((signal) =>
      taskGroup(
        async (inner) => {
          void inner.run((own) => timer(own).finally(() => ends.push('inner')));
          await setImmediate();
          throw failure;
        },
        { signal },
      ),
    );
  });
  assert.equal(await rejection(ending), failure);
  assert.deepEqual(ends, ['inner', 'outer']);
});

test('does not abort the signal of its caller', async () => {
  const stop = new AbortController();
  await rejection(taskGroup(() => Promise.reject(new Error('failed')), stop));
  assert.equal(stop.signal.aborted, false);
});

test('runs nothing any more when it has ended', async () => {
  const groups: TaskGroup[] = [];
  await taskGroup((group) => void groups.push(group));
  await rejection(
    taskGroup((group) => {
      groups.push(group);
      throw new Error('failed');
    }),
  );
  let ran = 0;
  for (const { run } of groups) {
    const message = 'Cannot run a task: the group has ended';
    assert.throws(() => run(() => void (ran += 1)), { name: 'Error', message });
  }
  assert.equal(ran, 0);
});

test('has one listener on the signal while it lives, and none after (A15)', async () => {
  const stop = new AbortController();
  const { opened, open } = gate();
  const groups = Array.from({ length: 20 }, () =>
    taskGroup(({ run }) => {
      for (let count = 0; count < 20; count += 1) void run(() => opened);
    }, stop),
  );
  assert.equal(abortListeners(stop.signal), 1);
  open();
  await Promise.all(groups);
  assert.equal(abortListeners(stop.signal), 0);
  await rejection(taskGroup(() => Promise.reject(new Error('failed')), stop));
  assert.equal(abortListeners(stop.signal), 0);
  const last = taskGroup(({ signal }) => timer(signal), stop);
  assert.equal(abortListeners(stop.signal), 1);
  stop.abort();
  await last;
  assert.equal(abortListeners(stop.signal), 0);
});

test('lets twenty tasks listen to its signal without a warning (A15)', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  await taskGroup(async ({ run, cancel }) => {
    for (let count = 0; count < 20; count += 1) {
      void run(timer);
      void run(untilAborted);
    }
    await turns(3);
    cancel();
  });
  await turns(3);
  stopCollecting();
  assert.deepEqual(warnings, []);
});

test('keeps nothing of ten thousand tasks that have ended', async () => {
  const env = runtime.name === 'deno' ? { DENO_V8_FLAGS: '--expose-gc' } : {};
  const { ending } = watch(spawnScript('spec/fixtures/finished-tasks.ts', { env }));
  const { code, stdout, stderr } = await ending;
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^size 0, of 10000 tasks \d\d? left, of their results \d\d? left\n$/);
});

test('names bad input, and touches nothing', async () => {
  const run = taskGroup as (...args: unknown[]) => Promise<unknown>;
  const prefix = 'Cannot run a task group: ';
  let called = false;
  const body = (): void => void (called = true);
  const cases: [unknown[], string][] = [
    [[], '"body" must be a function, received undefined'],
    [[{}], '"body" must be a function, received {}'],
    [[body, null], '"options" must be an object, received null'],
    [[body, 5], '"options" must be an object, received 5'],
    [[body, { signal: {} }], '"signal" must be an AbortSignal, received {}'],
    [[body, { signal: null }], '"signal" must be an AbortSignal, received null'],
  ];
  for (const [args, message] of cases) {
    await assert.rejects(run(...args), { name: 'TypeError', message: prefix + message });
  }
  assert.equal(called, false);
  const signal = new AbortController();
  await assert.rejects(run(undefined, signal), TypeError);
  assert.equal(abortListeners(signal.signal), 0);
});

test('names a bad task at once, which is no failure of the group', async () => {
  const result = await taskGroup((group) => {
    const run = group.run as (task: unknown) => unknown;
    const message = 'Cannot run a task group: "task" must be a function, received undefined';
    assert.throws(() => run(undefined), { name: 'TypeError', message });
    assert.throws(() => run(Promise.resolve()), TypeError);
    assert.equal(group.size, 0);
    return 'result';
  });
  assert.equal(result, 'result');
});

test('takes what cannot be looked at for a failure', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const fault = new Error('fault');
  const failing = taskGroup((group) => {
    void group.run(async () => {
      throw fault;
    });
    void group.run(async () => {
      await Promise.resolve();
      throw proxy;
    });
  });
  await assert.rejects(failing, (error) => {
    assert.ok(error instanceof AggregateError);
    assert.equal(error.errors[0], fault);
    return error.errors[1] === proxy;
  });
});

test.run();
