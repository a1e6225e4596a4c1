import { certificate } from '../../support/certificate.ts';
import { type Client, connect } from '../../support/sockets.ts';
import { deno, type DenoListener } from './deno-api.ts';
import { connectionOf, guarded, toResponse } from './deno-connection.ts';
import type { Handler, Implementation, Looping, Serving, StartOptions } from '../implementation.ts';
import { mapped } from './mapped.ts';
import { peersLack } from './peers-lack.ts';
import { settled } from '../settled.ts';

const hostname = '127.0.0.1';

function listen({ protocol, port = 0 }: StartOptions): DenoListener {
  if (protocol !== 'tls') return deno().listen({ port, hostname });
  return deno().listenTls({ port, hostname, ...certificate });
}

/** What is asked of both alike. What it cannot be asked does not apply to it. */
function running(port: number, end: () => void) {
  const clients = new Set<Client>();
  return {
    port,
    async connect(options = {}) {
      const client = await connect(port, options);
      clients.add(client);
      return client;
    },
    // Deno does not tell of either; who waits in the kernel's queue has arrived.
    listening: () => false,
    arrived: async () => {},
    onAccept: () => {},
    emitError: () => {},
    stats: () => ({ closes: 1, errors: [], counts: {} }),
    async clear() {
      for (const { socket } of clients) socket.destroy();
      await Promise.all(Array.from(clients, ({ ending }) => ending));
      end();
    },
  };
}

function begin(options: StartOptions) {
  const listener = listen(options);
  const close = (): void => listener.close();
  const forget = (): void => {
    try {
      close();
    } catch {
      // Closed already: Deno throws BadResource.
    }
  };
  return { ...running(listener.addr.port, forget), listener, stop: close, close };
}

async function serveEach(listener: DenoListener, handler: Handler): Promise<void> {
  for await (const conn of listener) void guarded(handler, conn);
}

async function startServing(handler: Handler, options: StartOptions = {}): Promise<Serving> {
  if (options.protocol === 'http' || options.signal) return startHttp(handler, options);
  const { listener, ...rest } = begin(options);
  return { ...rest, over: settled(serveEach(listener, handler)) };
}

/** `Deno.serve`, which Deno has for HTTP, and with a signal. */
async function startHttp(handler: Handler, options: StartOptions): Promise<Serving> {
  const { port = 0, signal } = options;
  const server = deno().serve(
    { port, hostname, ...(signal && { signal }), onListen: () => {} },
    (request) => toResponse(handler, request),
  );
  const stop = (): void => void server.shutdown();
  return { ...running(server.addr.port, stop), over: settled(server.finished), stop, close: stop };
}

async function startLoop(options: StartOptions = {}): Promise<Looping> {
  const { listener, ...rest } = begin(options);
  return { ...rest, connections: mapped(listener[Symbol.asyncIterator](), connectionOf) };
}

export const denoListen: Implementation = {
  name: 'Deno.listen',
  runtimes: ['deno'],
  lacks: {
    ...peersLack,
    events: 'emits no event when it accepts',
    'accept errors': 'rejects by itself; a spec cannot cause an error of `accept(2)`',
    'handshake timeout': 'yields TLS connections before their handshake',
    limit: 'has no limit; connections that are not asked for wait in the kernel',
  },
  serve: startServing,
  loop: startLoop,
};
