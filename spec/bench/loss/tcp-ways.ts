import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { acceptLoop, serve } from 'accept-loop';
import type { Way } from './stoppable.ts';

function greet(socket: Socket): void {
  socket.on('error', () => {});
  socket.end('hello');
}

/** The ways to stop a TCP server that are compared. */
export const tcpWays = {
  async closeTcp() {
    const server = createServer(greet);
    return { server, stop: () => once(server.close(), 'close') };
  },

  async acceptLoop(signal) {
    const server = createServer();
    async function greetAll(): Promise<void> {
      for await (const socket of acceptLoop(server, { signal })) greet(socket);
    }
    const ended = Promise.all([greetAll(), once(server, 'close')]);
    return { server, stop: () => ended };
  },

  async serveTcp(signal) {
    const server = createServer();
    const { finished } = serve(server, greet, { signal });
    return { server, stop: () => finished };
  },
} as const satisfies Record<string, Way>;
