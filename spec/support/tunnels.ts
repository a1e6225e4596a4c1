import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { certificate } from './certificate.ts';
import { SWITCHING, upgrade } from './http-messages.ts';
import { type Client, connect, connectTls } from './sockets.ts';

/** What an event of tunnels brings. */
export type Tunnel = [request: IncomingMessage, socket: Duplex, head: Buffer];

/** An HTTP/1 server's event that brings tunnels, and a way to listen. */
export interface TunnelMode {
  readonly title: string;
  readonly event: 'upgrade' | 'connect';
  /** What a client sends for one. */
  readonly hello: string;
  /** @param listener - The owner's, of requests. */
  readonly create: (listener?: RequestListener) => Server;
  /** A client that has connected, as far as the kernel goes. */
  readonly open: (server: Server) => Promise<Client>;
}

/** What a client sends for one. */
export const hellos = {
  upgrade: upgrade('/'),
  connect: 'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n',
} as const;

/** Has a server switch over for each, and keeps what it has then. */
export function switchOver(server: Server, event: TunnelMode['event'] = 'upgrade'): Socket[] {
  const taken: Socket[] = [];
  server.on(event, (_request: IncomingMessage, socket: Socket) => {
    taken.push(socket);
    socket.write(SWITCHING);
  });
  return taken;
}

/** What a handler answers first. */
export const WELCOME = 'HTTP/1.1 200 OK\r\nUpgrade: x\r\n\r\n';

export const tunnelModes: readonly TunnelMode[] = (['upgrade', 'connect'] as const).flatMap(
  (event) =>
    [false, true].map((isSecure) => ({
      title: `'${event}' of ${isSecure ? 'https' : 'http'}`,
      event,
      hello: hellos[event],
      create: (listener?: RequestListener) =>
        isSecure ? createSecureServer(certificate, listener) : createServer(listener),
      open: isSecure ? connectTls : connect,
    })),
);
