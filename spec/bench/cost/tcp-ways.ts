import { on } from 'node:events';
import type { Server, Socket } from 'node:net';
import { acceptLoop, type ServeContext, serve } from 'accept-loop';
import { on as eventsToAsync } from 'events-to-async';

/** Has each connection of a server answered, as long as its process lives. */
type Way = (server: Server, answer: (socket: Socket) => void) => unknown;

const nothing = (): void => {};

/** What makes a client's reset harmless; `acceptLoop` and `serve` see to that themselves. */
function guarded(socket: Socket): Socket {
  return socket.on('error', nothing);
}

async function* connectionsOf(server: Server): AsyncGenerator<Socket> {
  const events = eventsToAsync<[Socket]>((handler) => {
    server.on('connection', handler);
    return () => server.off('connection', handler);
  });
  for await (const [socket] of events) yield socket;
}

function isOver({ signal, draining }: ServeContext): boolean {
  return signal.aborted || draining.aborted;
}

/** The ways to take TCP connections that are compared. */
export const tcpWays = {
  bare(server, answer) {
    server.on('connection', (socket) => answer(guarded(socket)));
  },

  async 'events.on'(server, answer) {
    for await (const [socket] of on(server, 'connection')) answer(guarded(socket as Socket));
  },

  async generator(server, answer) {
    for await (const socket of connectionsOf(server)) answer(guarded(socket));
  },

  async acceptLoop(server, answer) {
    for await (const socket of acceptLoop(server)) answer(socket);
  },

  serve: (server, answer) => serve(server, (socket) => answer(socket)),

  serveSignals: (server, answer) =>
    serve(server, (socket, context) => {
      if (!isOver(context)) answer(socket);
    }),
} as const satisfies Record<string, Way>;
