import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Straggler } from '../../lib/index.ts';
import { certificate } from './certificate.ts';
import { drainScene } from './drain-scene.ts';
import { serveScene } from './serve-scene.ts';
import { type Client, connect, connectTls } from './sockets.ts';

interface StopOptions {
  readonly grace?: number;
  readonly idle?: number;
}

/** An HTTP/1 server, with a signal that stops it. */
export interface HttpStop {
  readonly server: Server;
  readonly stop: AbortController;
  /** Waits for the end, and asserts that nothing is left. */
  readonly over: () => Promise<{ readonly stragglers: readonly Straggler[] }>;
}

export type StopHttp = (
  unbound: Server,
  listener: RequestListener,
  options?: StopOptions,
) => Promise<HttpStop>;

/** Both ways to stop an HTTP server that has a listener for requests. */
export const httpStops: Readonly<Record<'drain' | 'serve', StopHttp>> = {
  drain: (unbound, listener, options) => drainScene(unbound.on('request', listener), options),
  serve: (unbound, listener, options) =>
    serveScene(unbound, ([request, response]) => listener(request, response), options),
};

interface HttpProtocol {
  readonly create: (options?: ServerOptions) => Server;
  /** Opens a client that has connected and, over TLS, has finished its handshake. */
  readonly open: (server: Server) => Promise<Client>;
}

export const httpProtocols: Readonly<Record<'http' | 'https', HttpProtocol>> = {
  http: { create: (options = {}) => createServer(options), open: connect },
  https: {
    create: (options) => createSecureServer({ ...certificate, ...options }),
    open: connectTls,
  },
};
