import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import type { ServerResponse } from 'node:http';
import { connect as connectHttp2, createSecureServer as createHttp2Server } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { connect as connectSocket, createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectSecure, createServer as createTlsServer } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { certificate } from '../../support/certificate.ts';
import { listening } from '../../support/sockets.ts';
import { until } from '../../support/turns.ts';

/** A client in the middle of something: what it says it has to hear again. */
export interface Conversation {
  /** Says words that it has not said before, and hears them. */
  readonly say: (words: string) => Promise<void>;
  /** Ends it in order, and waits until the connection has closed. */
  readonly hangUp: () => Promise<void>;
}

export interface Kind {
  /** A server that listens. */
  readonly open: () => Promise<Server>;
  /** Echoes one connection of such a server, as a task of `serve`. */
  readonly echo: (connection: never) => unknown;
  readonly converse: (port: number) => Promise<Conversation>;
}

const host = '127.0.0.1';
const trusting = { ca: certificate.cert, servername: 'localhost' };
const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunkOf = (words: string): string => `${words.length.toString(16)}\r\n${words}\r\n`;

async function echoStream(stream: AsyncIterable<unknown> & Duplex): Promise<void> {
  for await (const chunk of stream) stream.write(chunk);
  // Not every Node has destroyed it by now; under serve it is still to be flushed.
  stream.end();
}

async function echoRequest([request, response]: [IncomingMessage, ServerResponse]): Promise<void> {
  for await (const chunk of request) response.write(chunk);
  response.end();
}

function echoMessages([webSocket]: [WebSocket]): void {
  webSocket.on('message', (message) => webSocket.send(message));
}

/** @param last - What is said at the end, and its answer. */
function overStream(
  stream: Duplex,
  encode = (words: string): string => words,
  last?: string,
): Conversation {
  let heard = '';
  stream.setEncoding('utf8').on('data', (text: string) => (heard += text));
  stream.on('error', (error) => (heard += `[${error.message}]`));
  const closed = new Promise((resolve) => stream.once('close', resolve));
  return {
    async say(words) {
      stream.write(encode(words));
      await until(() => heard.includes(words));
    },
    async hangUp() {
      if (last !== undefined) {
        stream.write(last);
        await until(() => heard.endsWith(last));
      }
      stream.end();
      await closed;
    },
  };
}

async function overSocket(port: number): Promise<Conversation> {
  const socket = connectSocket({ port, host });
  await once(socket, 'connect');
  return overStream(socket);
}

async function overTls(port: number): Promise<Conversation> {
  const socket = connectSecure({ port, host, ...trusting });
  await once(socket, 'secureConnect');
  return overStream(socket);
}

async function overHttp(socket: Duplex, connected: string): Promise<Conversation> {
  await once(socket, connected);
  socket.write(head);
  return overStream(socket, chunkOf, chunkOf(''));
}

async function overHttp2(port: number): Promise<Conversation> {
  const session = connectHttp2(`https://${host}:${port}`, { ca: certificate.cert });
  const stream = session.request({ ':method': 'POST' });
  const conversation = overStream(stream);
  const closed = new Promise((resolve) => session.once('close', resolve));
  return {
    say: (words) => conversation.say(words),
    async hangUp() {
      await conversation.hangUp();
      session.close();
      await closed;
    },
  };
}

async function overWebSocket(port: number): Promise<Conversation> {
  const client = new WebSocket(`ws://${host}:${port}`);
  const heard: string[] = [];
  client.on('message', (message: Buffer) => heard.push(String(message)));
  await once(client, 'open');
  return {
    async say(words) {
      client.send(words);
      await until(() => heard.includes(words));
    },
    async hangUp() {
      client.close();
      await once(client, 'close');
    },
  };
}

/** The first listener for requests has an HTTP/2 server put another in the place of one. */
export function prepared<AnyServer extends Server>(server: AnyServer): AnyServer {
  return server.on('request', nobody).off('request', nobody);
}

function nobody(): void {}

async function openWebSocketServer(): Promise<Server> {
  const server = new WebSocketServer({ port: 0, host });
  await once(server, 'listening');
  // All that is used of it here is alike.
  return server as unknown as Server;
}

/** Servers that do not listen yet. */
export const servers = {
  net: () => createServer({ allowHalfOpen: true }),
  tls: () => createTlsServer({ ...certificate, allowHalfOpen: true }),
  http: () => createHttpServer(),
  https: () => createHttpsServer(certificate),
  http2: () => prepared(createHttp2Server(certificate)),
} satisfies Record<string, () => Server>;

export const kinds = {
  net: {
    open: () => listening(servers.net()),
    echo: echoStream,
    converse: overSocket,
  },
  tls: {
    open: () => listening(servers.tls()),
    echo: echoStream,
    converse: overTls,
  },
  http: {
    open: () => listening(servers.http()),
    echo: echoRequest,
    converse: (port) => overHttp(connectSocket({ port, host }), 'connect'),
  },
  https: {
    open: () => listening(servers.https()),
    echo: echoRequest,
    converse: (port) => overHttp(connectSecure({ port, host, ...trusting }), 'secureConnect'),
  },
  http2: {
    open: () => listening(servers.http2()),
    echo: echoRequest,
    converse: overHttp2,
  },
  WebSocket: { open: openWebSocketServer, echo: echoMessages, converse: overWebSocket },
} satisfies Record<string, Kind>;
