import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { certificate } from './certificate.ts';
import { SWITCHING, upgrade } from './http-messages.ts';
import { type Client, connect, connectTls } from './sockets.ts';

/** The arguments of an event that brings a tunnel. */
export type Tunnel = [request: IncomingMessage, socket: Duplex, head: Buffer];

/** An event of an HTTP/1 server that brings tunnels, and a way to listen. */
export interface TunnelMode {
  readonly title: string;
  readonly event: 'upgrade' | 'connect';
  /** The request that a client sends to open a tunnel. */
  readonly hello: string;
  /** @param listener - The owner's listener for requests. */
  readonly create: (listener?: RequestListener) => Server;
  /** Opens a client. Over TCP, the kernel has connected it. Over TLS, its handshake is over. */
  readonly open: (server: Server) => Promise<Client>;
}

/** The requests that a client sends to open a tunnel. */
export const hellos = {
  upgrade: upgrade('/'),
  connect: 'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n',
} as const;

/** Makes a server accept each tunnel. @returns The sockets of the tunnels so far. */
export function switchOver(server: Server, event: TunnelMode['event'] = 'upgrade'): Socket[] {
  const taken: Socket[] = [];
  server.on(event, (_request: IncomingMessage, socket: Socket) => {
    taken.push(socket);
    socket.write(SWITCHING);
  });
  return taken;
}

/** The first bytes that a handler of tunnels answers. */
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
