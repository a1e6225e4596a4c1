import { drain } from 'accept-loop';
import { guarded } from './guarded.ts';
import type { Handler, Implementation, Serving, StartOptions } from '../implementation.ts';
import { eventOf } from './node-listener.ts';
import { idle, startListener } from './our-listener.ts';
import { outOfScope } from './out-of-scope.ts';
import { settled } from '../settled.ts';
import type { Brought } from './socket-connection.ts';

const isOwners = 'leaves that to the server’s owner';

async function startServing(handler: Handler, options: StartOptions = {}): Promise<Serving> {
  const { server, signal, running, clear } = await startListener(options, (unbound) => {
    unbound.on(eventOf(options), (first, second) => {
      const brought = options.protocol === 'http' ? [first, second] : first;
      void guarded(handler, brought as Brought);
    });
  });
  const { grace } = options;
  let counts = {};
  const drained = async (): Promise<void> => {
    const { finished, forced } = await drain(server, { signal, grace, idle });
    counts = { finished, forced };
  };
  return {
    ...running,
    over: settled(drained()),
    stats: () => ({ ...running.stats(), counts }),
    clear: () => clear(drain(server, { grace: 0 })),
  };
}

export const ourDrain: Implementation = {
  name: 'drain',
  lacks: {
    ...outOfScope,
    loop: 'shuts down a server that has its own listeners',
    'accept errors': isOwners,
    'handshake timeout': isOwners,
    draining: isOwners,
    tasks: isOwners,
    limit: isOwners,
    group: 'is shown with `serve`',
    descriptors: 'is shown with `serve`',
    'process signals': 'is shown with `serve`',
  },
  serve: startServing,
};
