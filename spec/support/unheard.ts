import { type EventEmitter, once } from 'node:events';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectSecure, createServer as createTlsServer, TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { certificate } from './certificate.ts';
import { openWebSocketServer } from './drain-web-socket.ts';
import { get, upgrade } from './http-messages.ts';
import { settleRequests } from './scene.ts';
import { listening } from './sockets.ts';
import type { Listening } from './visits.ts';

/** A client that exchanges data with the server. */
interface Visitor {
  /** Resolves when the client has received an answer. */
  readonly answered: Promise<unknown>;
  /** Ends the client. Resolves when it has closed. */
  readonly leave: () => Promise<void>;
}

/** A kind of connection whose owner removes every listener. */
export interface Unheard {
  /** Opens a server that listens. */
  readonly open: () => Promise<EventEmitter & Listening>;
  /** The event that brings a connection. It may differ from the default of the server's kind. */
  readonly event: string;
  /** Whether `serve` uses this event by default. */
  readonly isUsual: boolean;
  /**
   * What the owner does with the arguments of the event, in callback style. It does that a while
   * later, when all listeners were added.
   */
  own(...args: unknown[]): void;
  readonly visit: (port: number) => Visitor;
}

const host = '127.0.0.1';
const nothing = (): void => {};

/** Takes a stream over like an owner: removes its listeners, answers, and reads it to its end. */
function takeOver(stream: Duplex, words = 'taken'): void {
  stream.removeAllListeners();
  stream.on('error', nothing).resume();
  stream.end(words);
}

function onFirstWords(connection: unknown): void {
  const socket = connection as Socket;
  socket.once('data', () => takeOver(socket));
}

/** Continues the connection under another object. */
function startTls(connection: unknown): void {
  const socket = connection as Socket;
  socket.once('data', () => {
    socket.removeAllListeners();
    socket.on('error', nothing);
    socket.write('go');
    const secure = new TLSSocket(socket, { isServer: true, ...certificate });
    secure.on('error', nothing).resume();
    secure.end('taken');
  });
}

function answerAlone(_request: unknown, connection: unknown): void {
  const response = connection as ServerResponse;
  setImmediate(() => {
    response.removeAllListeners();
    response.end('taken');
  });
}

const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';

/** A client that can be destroyed. */
interface Leaving extends EventEmitter {
  destroy(): unknown;
  readonly destroyed: boolean;
}

function visitor(client: Leaving, answered: Promise<unknown>): Visitor {
  client.on('error', nothing);
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  const leave = (): Promise<void> => {
    client.destroy();
    return closed;
  };
  return { answered, leave };
}

function says(words: string): (port: number) => Visitor {
  return (port) => {
    const socket = connect(port, host);
    socket.write(words);
    return visitor(socket, once(socket, 'data'));
  };
}

function visitSecurely(port: number): Visitor {
  const socket = connectSecure({ port, host, ca: certificate.cert });
  socket.write('hello');
  return visitor(socket, once(socket, 'data'));
}

function visitByStartTls(port: number): Visitor {
  const socket = connect(port, host);
  socket.write('STARTTLS');
  const answer = async (): Promise<void> => {
    await once(socket, 'data');
    const secure = connectSecure({ socket, ca: certificate.cert, servername: 'localhost' });
    secure.on('error', nothing);
    await once(secure, 'data');
  };
  return visitor(socket, answer());
}

/** @param asks - Whether the client makes a request. If not, it only waits for the session. */
function visitByHttp2(asks: boolean): (port: number) => Visitor {
  return (port) => {
    const session = connectHttp2(`http://${host}:${port}`);
    const stream = asks ? session.request().on('error', nothing) : session;
    return visitor(session, once(stream, asks ? 'response' : 'remoteSettings'));
  };
}

function visitByWebSocket(port: number): Visitor {
  const client = new WebSocket(`ws://${host}:${port}`);
  client.on('error', nothing);
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  const leave = (): Promise<void> => {
    client.terminate();
    return closed;
  };
  return { answered: once(client, 'message'), leave };
}

function http2(): Promise<Server> {
  return listening(settleRequests(createHttp2Server() as Server));
}

export const unheard: Readonly<Record<string, Unheard>> = {
  'a socket': {
    open: () => listening(createServer()),
    event: 'connection',
    isUsual: true,
    own: onFirstWords,
    visit: says('hello'),
  },
  'a socket that goes on as TLS': {
    open: () => listening(createServer()),
    event: 'connection',
    isUsual: true,
    own: startTls,
    visit: visitByStartTls,
  },
  'a TLS socket': {
    open: () => listening(createTlsServer(certificate)),
    event: 'secureConnection',
    isUsual: true,
    own: onFirstWords,
    visit: visitSecurely,
  },
  'an upgraded socket': {
    open: () => listening(createHttpServer()),
    event: 'upgrade',
    isUsual: false,
    own(_request, socket) {
      setImmediate(() => takeOver(socket as Duplex, switching));
    },
    visit: says(upgrade('/')),
  },
  'a response': {
    open: () => listening(createHttpServer()),
    event: 'request',
    isUsual: true,
    own: answerAlone,
    visit: says(get('/')),
  },
  'a response of HTTP/2': {
    open: http2,
    event: 'request',
    isUsual: true,
    own: answerAlone,
    visit: visitByHttp2(true),
  },
  'a stream of HTTP/2': {
    open: http2,
    event: 'stream',
    isUsual: false,
    own(connection) {
      const stream = connection as ServerHttp2Stream;
      setImmediate(() => {
        stream.removeAllListeners();
        stream.on('error', nothing).resume();
        stream.respond();
        stream.end('taken');
      });
    },
    visit: visitByHttp2(true),
  },
  'a session of HTTP/2': {
    open: http2,
    event: 'session',
    isUsual: false,
    own(connection) {
      const session = connection as ServerHttp2Session;
      setImmediate(() => {
        session.removeAllListeners();
        session.on('error', nothing);
      });
    },
    visit: visitByHttp2(false),
  },
  'a WebSocket': {
    open: async () => (await openWebSocketServer()).server,
    event: 'connection',
    isUsual: true,
    own(connection) {
      const webSocket = connection as WebSocket;
      setImmediate(() => {
        webSocket.removeAllListeners();
        webSocket.on('error', nothing);
        webSocket.send('taken');
      });
    },
    visit: visitByWebSocket,
  },
};
