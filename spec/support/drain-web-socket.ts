import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server } from 'node:net';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import { drain, type Draining, type DrainOptions, type DrainReport } from '../../lib/index.ts';
import { certificate } from './certificate.ts';
import { countCloseEvents } from './count-closes.ts';
import { abortListeners, listenersOn } from './listeners.ts';
import { connectionsOf } from './scene.ts';
import { listening, portOf } from './sockets.ts';
import { turns, until } from './turns.ts';

/** A `WebSocketServer` that is drained. */
export interface WebSocketDrain {
  readonly server: WebSocketServer;
  /** The HTTP server that it is attached to. */
  readonly http: Server | undefined;
  readonly port: number;
  readonly stop: AbortController;
  readonly drained: Draining;
  /** Opens a client, and waits for the server's WebSocket for it. */
  readonly client: () => Promise<Client>;
  /** Waits for the end, and asserts that nothing is left. */
  readonly over: () => Promise<DrainReport>;
}

export interface Client {
  readonly client: WebSocket;
  /** The WebSocket on the server's side. */
  readonly webSocket: WebSocket;
  readonly code: Promise<number>;
  readonly messages: string[];
}

/**
 * The ways in which a `WebSocketServer` listens: by itself, or through a server that it is given.
 */
export const webSocketModes = ['standalone', 'http', 'https'] as const;
export type WebSocketMode = (typeof webSocketModes)[number];

export interface WebSocketDrainOptions extends DrainOptions {
  readonly mode?: WebSocketMode;
  /** The listener of the HTTP server for requests. */
  readonly handler?: RequestListener;
  /** More options of the `WebSocketServer`. */
  readonly more?: ServerOptions;
  /** Which server is drained. */
  readonly drains?: 'webSocket' | 'http';
}

const host = '127.0.0.1';

function emptyAnswer(...[, response]: Parameters<RequestListener>): void {
  response.end('answer');
}

/**
 * Opens a `WebSocketServer` that listens.
 *
 * @param handler - The listener of its HTTP server for requests. Not used if it is standalone.
 */
export async function openWebSocketServer(
  mode: WebSocketMode = 'standalone',
  handler: RequestListener = emptyAnswer,
  more: ServerOptions = {},
): Promise<{ server: WebSocketServer; http: Server | undefined }> {
  let http: Server | undefined;
  if (mode === 'http') http = await listening(createServer(handler));
  if (mode === 'https') http = await listening(createSecureServer(certificate, handler));
  const where = http ? { server: http as ReturnType<typeof createServer> } : { port: 0, host };
  const server = new WebSocketServer({ ...where, ...more });
  if (!http) await once(server, 'listening');
  return { server, http };
}

export async function webSocketDrain({
  mode = 'http',
  handler = emptyAnswer,
  more,
  drains = 'webSocket',
  ...options
}: WebSocketDrainOptions = {}): Promise<WebSocketDrain> {
  const { server, http } = await openWebSocketServer(mode, handler, more);
  const port = portOf(server);
  const closes = { http: countCloseEvents(http), webSocket: countCloseEvents(server) };
  const before = [listenersOn(server), http && withoutUpgrade(listenersOn(http))];
  const stop = new AbortController();
  const target = drains === 'http' && http ? http : server;
  const drained = drain(target, { signal: stop.signal, idle: 100, ...options });
  const over = async (): Promise<DrainReport> => {
    const report = await drained;
    if (http) await until(() => closes.http() > 0);
    if (target === server) await until(() => closes.webSocket() > 0);
    await turns(5);
    assert.equal(closes.http(), http ? 1 : 0);
    if (target === server) assert.equal(closes.webSocket(), 1);
    if (http) assert.equal(await connectionsOf(http), 0);
    // The listeners of ws are gone, too: its `close()` removes them.
    const [ofServer, ofHttp] = before;
    assert.deepEqual(listenersOn(server), ofServer);
    if (http && target === server) assert.deepEqual(withoutUpgrade(listenersOn(http)), ofHttp);
    if (http && target === server) assert.equal(http.listenerCount('upgrade'), 0);
    assert.equal(abortListeners(stop.signal), 0);
    assert.equal(report.forced, report.stragglers.length);
    return report;
  };
  const client = async (): Promise<Client> => {
    const opened = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
    const connecting = openClient(port, mode);
    const [webSocket] = await opened;
    await connecting.open;
    return { ...connecting, webSocket };
  };
  return { server, http, port, stop, drained, client, over };
}

/** The listeners that stay. ws has three others on the HTTP server, which its `close()` removes. */
function withoutUpgrade(listeners: Record<string, number>): Record<string, number> {
  const { upgrade: _upgrade, listening: _listening, error: _error, ...others } = listeners;
  return others;
}

/** Opens a client. `code` resolves with the close code at its end. */
export function openClient(
  port: number,
  mode: WebSocketMode = 'http',
  path = '/',
): Omit<Client, 'webSocket'> & { open: Promise<void> } {
  const scheme = mode === 'https' ? 'wss' : 'ws';
  const client = new WebSocket(`${scheme}://${host}:${port}${path}`, { ca: certificate.cert });
  client.on('error', () => {});
  const messages: string[] = [];
  client.on('message', (message: Buffer) => messages.push(message.toString()));
  const code = new Promise<number>((resolve) => client.once('close', resolve));
  const open = new Promise<void>((resolve) => client.once('open', () => resolve()));
  return { client, code, messages, open };
}

/** The bytes that a raw client sends to open a WebSocket. */
export const handshake: string =
  'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
