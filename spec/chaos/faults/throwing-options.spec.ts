import assert from 'node:assert/strict';
import {
  acceptLoop,
  delaySignal,
  drain,
  listen,
  serve,
  shutdownSignal,
  taskGroup,
} from '../../../lib/index.ts';
import { servers } from './conversations.ts';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { suite } from '../../support/suite.ts';
import { turns } from '../../support/turns.ts';

const test = suite('an option that cannot be read');

const fault = new Error('as you wish');

const unreadable: PropertyDescriptor = {
  get() {
    throw fault;
  },
  enumerable: true,
};

/** Options one of which throws when it is read; all others are in order. */
function optionsWithout(name: string, signal: AbortSignal): object {
  return Object.defineProperty({ signal }, name, unreadable);
}

type Use = (server: never, options: object) => unknown;

const never = (): Promise<never> => new Promise(() => {});
const loopOptions = ['signal', 'maxQueued', 'event'];
const servingOptions = ['concurrency', 'grace', 'idle', 'linger', 'flush', 'onError'];

const uses: Record<string, { use: Use; names: readonly string[] }> = {
  acceptLoop: { use: (server, options) => acceptLoop(server, options), names: loopOptions },
  serve: {
    use: (server, options) => serve(server, never, options),
    names: [...loopOptions, ...servingOptions],
  },
  drain: { use: (server, options) => drain(server, options), names: ['signal', 'grace', 'idle'] },
  listen: { use: (server, options) => listen(server, 0, options), names: ['signal'] },
  'listen, of where': {
    use: (server, options) => listen(server, { ...options, host: '127.0.0.1' }),
    names: ['port', 'path', 'fd'],
  },
  taskGroup: { use: (_server, options) => taskGroup(never, options), names: ['signal'] },
  shutdownSignal: {
    use(_server, options) {
      // It is no option of this one.
      Reflect.deleteProperty(options, 'signal');
      return shutdownSignal(options);
    },
    names: ['signals', 'endOnSecond', 'warnOfOthers'],
  },
  delaySignal: {
    use: (_server, { signal }: { signal?: AbortSignal }) => delaySignal(signal as AbortSignal, 1),
    names: ['signal'],
  },
};

/** What a call throws, or rejects with. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

for (const [name, { use, names }] of Object.entries(uses)) {
  test(`is told of by its own error, and nothing is attached (${name})`, async () => {
    const { signal } = new AbortController();
    const processListeners = listenersOn(process);
    for (const create of Object.values(servers)) {
      for (const option of names) {
        const server = create();
        const before = listenersOn(server);
        const options = optionsWithout(option, signal);
        assert.equal(await thrownBy(() => use(server as never, options)), fault, option);
        await turns(2);
        assert.deepEqual(listenersOn(server), before, option);
        assert.equal(server.listening, false);
        // No loop lives on it.
        await acceptLoop(server).return();
      }
    }
    assert.equal(abortListeners(signal), 0);
    assert.deepEqual(listenersOn(process), processListeners);
  });
}

test.run();
