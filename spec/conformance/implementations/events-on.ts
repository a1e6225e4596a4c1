import { on } from 'node:events';
import type { Socket } from 'node:net';
import { guarded } from './guarded.ts';
import type { Handler, Implementation, Looping, Serving, StartOptions } from '../implementation.ts';
import { mapped } from './mapped.ts';
import { bind, createNodeServer, NodeListener } from './node-listener.ts';
import { peersLack } from './peers-lack.ts';
import { settled } from '../settled.ts';
import { connectionOf } from './socket-connection.ts';

interface Beginning extends Omit<Looping, 'connections'> {
  readonly connections: AsyncIterable<[Socket]>;
}

/** One signal for the listener and the loop, as Node's documentation has it of each. */
async function begin(options: StartOptions): Promise<Beginning> {
  const node = new NodeListener(createNodeServer(options), options);
  const stop = new AbortController();
  const { signal = stop.signal } = options;
  const events = on(node.server, 'connection', { signal, close: ['close'] });
  const connections = events as unknown as AsyncIterable<[Socket]>;
  await bind(node.server, { ...options, signal });
  return { ...node.running(), connections, stop: () => stop.abort() };
}

async function serveEach(connections: AsyncIterable<[Socket]>, handler: Handler): Promise<void> {
  for await (const [socket] of connections) void guarded(handler, socket);
}

async function startServing(handler: Handler, options: StartOptions = {}): Promise<Serving> {
  const { connections, ...running } = await begin(options);
  return { ...running, over: settled(serveEach(connections, handler)) };
}

async function startLoop(options: StartOptions = {}): Promise<Looping> {
  const { connections, ...running } = await begin(options);
  const bare = connections[Symbol.asyncIterator]();
  return { ...running, connections: mapped(bare, ([socket]) => connectionOf(socket)) };
}

export const eventsOn: Implementation = {
  name: 'events.on',
  runtimes: ['node 20', 'node 26'],
  lacks: {
    ...peersLack,
    http: 'emits events; `http.Server` handles an HTTP shutdown',
    'handshake timeout': 'emits events; `tls.Server` handles handshakes',
    drain: 'does not wait for handlers, and neither do its loops: they end when accepting ends',
    limit: 'has no limit: its queue takes every connection',
  },
  serve: startServing,
  loop: startLoop,
};
