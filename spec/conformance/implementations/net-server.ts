import { guarded } from './guarded.ts';
import type { Handler, Implementation, Serving, StartOptions } from '../implementation.ts';
import { bind, createNodeServer, eventOf, NodeListener } from './node-listener.ts';
import { peersLack } from './peers-lack.ts';
import { settled } from '../settled.ts';
import type { Brought } from './socket-connection.ts';

/** A callback, `close()`, and `'close'` for its end. */
async function startServing(handler: Handler, options: StartOptions = {}): Promise<Serving> {
  const { limit, protocol } = options;
  const server = createNodeServer(options);
  const node = new NodeListener(server, options);
  if (limit !== undefined) server.maxConnections = limit;
  server.on(eventOf(options), (first, second) => {
    const brought = protocol === 'http' ? [first, second] : first;
    void guarded(handler, brought as Brought);
  });
  server.on('error', (error) => node.errors.push(error));
  // Not by `once()`, which would reject with an 'error'.
  const over = new Promise<void>((resolve) => server.once('close', resolve));
  await bind(server, options);
  return { ...node.running(), over: settled(over), stop: () => void server.close() };
}

export const netServer: Implementation = {
  name: 'net.Server',
  runtimes: ['node 20', 'node 26'],
  lacks: {
    ...peersLack,
    loop: 'calls a listener, and yields nothing',
    'ends by errors': 'tells its owner, which decides',
  },
  serve: startServing,
};
