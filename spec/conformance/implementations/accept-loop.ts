import { type AcceptLoop, acceptLoop } from 'accept-loop';
import { assertConserved } from '../../support/conservation.ts';
import { guarded } from './guarded.ts';
import type {
  Handler,
  Implementation,
  Looping,
  Running,
  Serving,
  StartOptions,
} from '../implementation.ts';
import { mapped } from './mapped.ts';
import { collectErrors } from './collect-errors.ts';
import { startListener } from './our-listener.ts';
import { outOfScope } from './out-of-scope.ts';
import { settled } from '../settled.ts';
import { type Brought, connectionOf } from './socket-connection.ts';

interface Beginning extends Running {
  readonly loop: AcceptLoop<unknown>;
}

async function begin(options: StartOptions): Promise<Beginning> {
  const { server, errors, signal, running, clear } = await startListener(options);
  const stopCollecting = collectErrors(server, errors);
  const loop: AcceptLoop<unknown> = acceptLoop(server, { signal });
  return {
    ...running,
    loop,
    stats() {
      assertConserved(loop.stats);
      return { ...running.stats(), counts: { ...loop.stats } };
    },
    async clear() {
      await clear(loop.return());
      stopCollecting();
    },
  };
}

async function serveEach(loop: AcceptLoop<unknown>, handler: Handler): Promise<void> {
  for await (const brought of loop) void guarded(handler, brought as Brought);
}

async function startServing(handler: Handler, options: StartOptions = {}): Promise<Serving> {
  const { loop, ...running } = await begin(options);
  return { ...running, over: settled(serveEach(loop, handler)) };
}

async function startLoop(options: StartOptions = {}): Promise<Looping> {
  const { loop, ...running } = await begin(options);
  const connections = mapped(loop, (brought) => connectionOf(brought as Brought));
  return { ...running, connections };
}

const isServes = 'is only the loop: `serve` has it';

export const ourAcceptLoop: Implementation = {
  name: 'acceptLoop',
  lacks: {
    ...outOfScope,
    drain: 'does not wait for the connections that it has yielded: `serve` does',
    draining: isServes,
    tasks: isServes,
    grace: isServes,
    limit: isServes,
    group: 'is shown with `serve`',
    'process signals': 'is shown with `serve`',
    descriptors: 'is shown with `serve`',
    'rolling stops': 'is shown with `drain`',
  },
  serve: startServing,
  loop: startLoop,
};
