import { serve, shutdownSignal, taskGroup } from 'accept-loop';
import { assertStats } from '../../support/report.ts';
import type { Handler, Implementation, Serving, StartOptions } from '../implementation.ts';
import { collectErrors } from './collect-errors.ts';
import { idle, startListener } from './our-listener.ts';
import { outOfScope } from './out-of-scope.ts';
import { settled } from '../settled.ts';
import { type Brought, connectionOf } from './socket-connection.ts';

async function startServing(handler: Handler, options: StartOptions = {}): Promise<Serving> {
  const { server, errors, signal, running, clear } = await startListener(options);
  const { grace, limit: concurrency } = options;
  const stopCollecting = collectErrors(server, errors);
  const onError = (error: unknown): void => void errors.push(error);
  const serving = serve(
    server,
    (brought: unknown, context) => handler(connectionOf(brought as Brought), context),
    { signal, grace, concurrency, idle, onError },
  );
  return {
    ...running,
    over: settled(serving.finished),
    stats() {
      assertStats(serving.stats);
      return { ...running.stats(), counts: { ...serving.stats } };
    },
    async clear() {
      await clear(settled(serving.stop({ grace: 0 })));
      stopCollecting();
    },
  };
}

export const ourServe: Implementation = {
  name: 'serve',
  lacks: {
    ...outOfScope,
    loop: 'calls a handler; the loop is `acceptLoop`',
    'rolling stops': 'is shown with `drain`',
  },
  serve: startServing,
  group: taskGroup,
  shutdownSignal,
};
