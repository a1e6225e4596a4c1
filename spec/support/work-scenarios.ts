import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttp, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2';
import { connect as connectNet, createServer as createNet, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTls } from 'node:tls';
import { acceptLoop, type ConnectionServer, drain, serve } from 'accept-loop';
import { WebSocket } from 'ws';
import { certificate } from './certificate.ts';
import { openWebSocketServer } from './drain-web-socket.ts';
import { listening, portOf } from './sockets.ts';
import { until } from './turns.ts';

/** Does something `count` times, and settles when all of it is over. */
type Scenario = (count: number) => Promise<void>;

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

export const ways = ['acceptLoop', 'serve', 'drain'] as const;
export type Way = (typeof ways)[number];

/**
 * Handles the connections of a server in one of three ways. @returns A function that stops this.
 */
function handle(
  way: Way,
  server: ConnectionServer & NodeJS.EventEmitter,
  event: string,
  handler: (...args: never[]) => void,
): () => Promise<unknown> {
  const spread = (given: unknown): void => {
    Reflect.apply(handler, undefined, Array.isArray(given) ? given : [given]);
  };
  if (way === 'serve') {
    const serving = serve(server, spread, { maxQueued: Infinity });
    return () => serving.stop({ grace: 0 });
  }
  if (way === 'drain') {
    const stop = new AbortController();
    (server as NodeJS.EventEmitter).on(event, handler as (...args: unknown[]) => void);
    const drained = drain(server, { signal: stop.signal, grace: 0 });
    return () => {
      stop.abort();
      return drained;
    };
  }
  const loop = acceptLoop(server, { maxQueued: Infinity });
  void (async () => {
    for await (const given of loop) spread(given);
  })();
  return () => loop.return();
}

/** One client pipelines requests. Each is answered at once, or all are answered at the end. */
function pipelined(way: Way, answers: 'at once' | 'at the end'): Scenario {
  return async (count) => {
    const server = await listening(createHttp());
    let seen = 0;
    const held: ServerResponse[] = [];
    const stop = handle(way, server, 'request', (_request: object, response: ServerResponse) => {
      seen += 1;
      if (answers === 'at once') response.end();
      else held.push(response);
    });
    const client = connectNet(portOf(server), '127.0.0.1').resume();
    client.on('error', () => {}).write(REQUEST.repeat(count));
    await until(() => seen === count);
    for (const response of held) response.end();
    client.end();
    await once(client, 'close');
    await stop();
    server.closeAllConnections();
  };
}

/** One HTTP/2 client has `count` streams open. */
function streams(way: Way): Scenario {
  return async (count) => {
    const server = await listening(createHttp2());
    const held: ServerResponse[] = [];
    const stop = handle(way, server, 'request', (_request: object, response: ServerResponse) => {
      held.push(response);
    });
    const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`, {
      peerMaxConcurrentStreams: count,
    }).on('error', () => {});
    const closed = Array.from({ length: count }, () => {
      const stream = session
        .request()
        .on('error', () => {})
        .resume();
      return once(stream, 'close');
    });
    await until(() => held.length === count);
    for (const response of held) response.end();
    await Promise.all(closed);
    session.destroy();
    await stop();
  };
}

/** `count` clients are open at the same time. Then they leave, or all are ended. */
function connections(way: Way, end: 'leave' | 'are ended'): Scenario {
  return async (count) => {
    const server = await listening(createNet());
    let seen = 0;
    const stop = handle(way, server, 'connection', (socket: Socket) => {
      seen += 1;
      socket.on('error', () => {}).resume();
    });
    const clients: Socket[] = [];
    while (clients.length < count) {
      const client = connectNet(portOf(server), '127.0.0.1').on('error', () => {});
      clients.push(client.resume());
    }
    await until(() => seen === count);
    const gone = clients.map((client) => once(client, 'close'));
    if (end === 'leave') for (const client of clients) client.end();
    if (end === 'leave' || way !== 'acceptLoop') await Promise.all([stop(), ...gone]);
    for (const client of clients) client.destroy();
    await stop();
  };
}

/** Clients come one after the other. Each is sent a word, and ended. */
function visits(way: Way): Scenario {
  return async (count) => {
    const server = await listening(createNet());
    const stop = handle(way, server, 'connection', (socket: Socket) => {
      socket.on('error', () => {}).end('x');
    });
    for (let client = 0; client < count; client += 1) {
      await once(connectNet(portOf(server), '127.0.0.1').resume(), 'close');
    }
    await stop();
  };
}

/** Clients connect, and half of them reset, while the loop has no consumer. */
const queued: Scenario = async (count) => {
  const server = await listening(createNet());
  const loop = acceptLoop(server, { maxQueued: Infinity });
  for (let client = 0; client < count; client += 1) {
    const socket = connectNet(portOf(server), '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    if (client % 2 === 0) socket.resetAndDestroy();
  }
  await until(() => loop.stats.lost === Math.ceil(count / 2));
  await loop.return();
};

/**
 * `count` TLS handshakes are under way at the same time, on a Unix socket: clients have no address.
 */
function handshakes(way: Way): Scenario {
  return async (count) => {
    const folder = await mkdtemp(join(tmpdir(), 'work-'));
    const path = join(folder, 'socket');
    const server = createTls(certificate);
    server.listen(path);
    await once(server, 'listening');
    const stop = handle(way, server, 'secureConnection', (socket: Socket) => {
      socket.on('error', () => {}).resume();
    });
    const raw = Array.from({ length: count }, () => connectNet(path).on('error', () => {}));
    await Promise.all(raw.map((socket) => once(socket, 'connect')));
    const clients = raw.map((socket) =>
      connectTls({ socket, ca: certificate.cert, servername: 'localhost' }),
    );
    await Promise.all(clients.map((client) => once(client, 'secureConnect')));
    for (const client of clients) client.on('error', () => {}).destroy();
    await stop();
    await rm(folder, { recursive: true });
  };
}

/** One client of a `WebSocketServer` sends `count` messages, or `count` clients send one each. */
function webSockets(way: Way, messages: number): Scenario {
  return async (count) => {
    const [clientCount, messageCount] = messages === 0 ? [count, 1] : [1, count];
    const { server } = await openWebSocketServer();
    let heard = 0;
    const stop = handle(way, server, 'connection', (webSocket: WebSocket) => {
      webSocket.on('error', () => {}).on('message', () => (heard += 1));
    });
    const clients = Array.from({ length: clientCount }, () =>
      new WebSocket(`ws://127.0.0.1:${portOf(server)}`).on('error', () => {}),
    );
    await Promise.all(clients.map((client) => once(client, 'open')));
    for (const client of clients) {
      for (let message = 0; message < messageCount; message += 1) client.send('x');
    }
    await until(() => heard === clientCount * messageCount);
    await stop();
    for (const client of clients) client.terminate();
  };
}

/** Everything that one client can send in large numbers, or that many clients can do. */
export function scenariosOf(way: Way): Record<string, Scenario> {
  return {
    'pipelined requests that are answered at once': pipelined(way, 'at once'),
    'pipelined requests that are answered at the end': pipelined(way, 'at the end'),
    'streams of one session': streams(way),
    'connections one after the other': visits(way),
    'connections that leave': connections(way, 'leave'),
    'connections that are ended': connections(way, 'are ended'),
    'TLS handshakes on a Unix socket': handshakes(way),
    'WebSocket clients': webSockets(way, 0),
    'messages of one WebSocket': webSockets(way, 1),
    ...(way === 'acceptLoop' && { 'connections that wait, half of which leave': queued }),
  };
}
