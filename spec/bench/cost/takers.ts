import { on } from 'node:events';
import type { Server, Socket } from 'node:net';
import { acceptLoop, type ServeContext, serve } from 'accept-loop';
import { on as eventsToAsync } from 'events-to-async';

/** Takes the connections of a server, and ends each at once. @returns What ends that. */
type Taker = (server: Server) => () => unknown;

const nothing = (): void => {};

/** What `serve` does when a handler has ended. */
function end(socket: Socket): void {
  socket.resume().end();
}

/** A socket without a listener for errors is a process that dies of a reset. The package has one. */
function guardAndEnd(socket: Socket): void {
  socket.on('error', nothing);
  end(socket);
}

async function* socketsOf(server: Server): AsyncGenerator<Socket> {
  const connections = eventsToAsync<[Socket]>((handler) => {
    server.on('connection', handler);
    return () => server.off('connection', handler);
  });
  for await (const [socket] of connections) yield socket;
}

export const takers: Readonly<Record<string, Taker>> = {
  bare(server) {
    server.on('connection', guardAndEnd);
    return () => server.close();
  },

  'events.on'(server) {
    const stop = new AbortController();
    const connections = on(server, 'connection', { signal: stop.signal });
    const taken = (async () => {
      for await (const [socket] of connections) guardAndEnd(socket as Socket);
    })().catch(nothing);
    return () => {
      stop.abort();
      server.close();
      return taken;
    };
  },

  generator(server) {
    const sockets = socketsOf(server);
    void (async () => {
      for await (const socket of sockets) guardAndEnd(socket);
    })();
    return () => {
      server.close();
      void sockets.return(undefined);
    };
  },

  acceptLoop(server) {
    const stop = new AbortController();
    const taken = (async () => {
      for await (const socket of acceptLoop(server, stop.signal)) end(socket);
    })();
    return () => {
      stop.abort();
      return taken;
    };
  },

  serve: (server) => served(server, nothing),

  'serve, signals read': (server) =>
    served(server, ({ signal, draining }) => {
      signal.addEventListener('abort', nothing);
      draining.addEventListener('abort', nothing);
    }),
};

function served(server: Server, read: (context: ServeContext) => void): () => unknown {
  const serving = serve(server, async (_, context) => read(context));
  return () => serving.stop();
}
