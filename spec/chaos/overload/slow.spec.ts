import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type Server } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { drain, type DrainReport, serve, type ServeReport } from 'accept-loop';
import { WebSocketServer } from 'ws';
import { certificate } from '../../support/certificate.ts';
import { get, post, upgrade } from '../../support/http-messages.ts';
import { inTime } from '../../support/in-time.ts';
import { type Limit, limits } from '../../support/limits.ts';
import { connectionsOf } from '../../support/scene.ts';
import { type Client, connect, listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { turns, until } from '../../support/turns.ts';

const test = suite('slow clients', { timeout: 30_000 });

const crowd = 50;
/** Milliseconds. */
const grace = 400;
/** More than the kernel holds for a client that does not read. */
const answer = Buffer.alloc(8 * 1024 * 1024, 'x');

/** Sends a byte now and then, for ever. */
function drip({ socket }: Client, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    socket.write(text.charAt(at) || 'x');
    at += 1;
  }, 20);
  socket.on('close', () => clearInterval(timer));
}

/** Asks and reads a little now and then, so that the answer never ends. */
function sip({ socket }: Client, request: string): void {
  socket.removeAllListeners('data').pause();
  socket.write(request);
  const timer = setInterval(() => socket.read(1), 20);
  socket.on('close', () => clearInterval(timer));
}

const respond: RequestListener = (request, response) => {
  if (request.method === 'GET') response.end(answer);
  else request.on('end', () => response.end('got it')).resume();
};

/** So many of one kind, each with a connection of its own. */
async function come(server: Server, behave: (client: Client) => void): Promise<Client[]> {
  const clients: Client[] = [];
  for (let count = 0; count < crowd; count += 1) {
    const client = await connect(server, { allowHalfOpen: true });
    behave(client);
    clients.push(client);
  }
  return clients;
}

function assertForced({ forced, stragglers }: DrainReport | ServeReport, count: number): void {
  assert.equal(forced, count);
  assert.equal(stragglers.length, count);
}

async function endOf(server: Server, clients: readonly Client[]): Promise<void> {
  for (const { socket } of clients) socket.destroy();
  while ((await connectionsOf(server)) > 0) await turns(1);
}

interface Kind {
  readonly behave: (client: Client) => void;
  readonly create?: () => Server;
  readonly cannot?: Limit;
}

let hello = '';
test.before(async () => {
  hello = await clientHello();
});

const kinds: Record<string, Kind> = {
  'send a head by the byte': {
    behave: (client) => drip(client, get(`/${'x'.repeat(10_000)}`)),
    cannot: limits.httpNewcomers,
  },
  'send a body by the byte': {
    behave: (client) => {
      client.socket.write(post('/', 1_000_000));
      drip(client, '');
    },
  },
  'read an answer by the byte': {
    behave: (client) => sip(client, get('/')),
    cannot: limits.slowAnswerAfterClose,
  },
  'read nothing': {
    behave: (client) => {
      client.socket.removeAllListeners('data').pause();
      client.socket.write(get('/'));
    },
    cannot: limits.slowAnswerAfterClose,
  },
  'shake hands by the byte': {
    behave: (client) => drip(client, hello),
    create: () => createSecureServer(certificate, respond),
    cannot: limits.httpNewcomers,
  },
};

for (const [title, { behave, create, cannot = [] }] of Object.entries(kinds)) {
  test(
    `that ${title} do not hold a drain past its deadline`,
    async () => {
      const server = await listening(create?.() ?? createServer(respond));
      const stop = new AbortController();
      const drained = drain(server, { signal: stop.signal, grace, idle: 50 });
      const clients = await come(server, behave);
      while ((await connectionsOf(server)) < crowd) await turns(1);
      stop.abort();
      assertForced(await inTime(grace, drained), crowd);
      await endOf(server, clients);
    },
    { cannot },
  );
}

/** What a TLS client says first. */
async function clientHello(): Promise<string> {
  const server = await listening(createTcpServer());
  const client = connectSecure({ port: portOf(server), host: '127.0.0.1' }).on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [chunk] = await once(socket, 'data');
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  return (chunk as Buffer).toString('latin1');
}

test('that read nothing do not hold serve past its deadline', async () => {
  const server = await listening(createTcpServer());
  const serving = serve(
    server,
    async (socket) => {
      socket.write(answer);
      await once(socket, 'drain');
    },
    { grace },
  );
  const clients = await come(server, ({ socket }) => socket.removeAllListeners('data').pause());
  await until(() => serving.stats.active === crowd);
  assertForced(await inTime(grace, serving.stop()), crowd);
  await endOf(server, clients);
});

test('of HTTP/2 that open no window do not hold a drain past its deadline', async () => {
  const server = createHttp2Server((_request, response) => response.end(answer));
  await listening(server as Server);
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, grace, idle: 50 });
  const sessions = Array.from({ length: crowd }, () => {
    const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`);
    session.on('error', () => {});
    // Nobody reads it: its window is full after 64 KiB.
    const stream = session.request().on('error', () => {});
    return { session, response: once(stream, 'response') };
  });
  for (const { response } of sessions) await response;
  stop.abort();
  assertForced(await inTime(grace, drained), crowd);
  for (const { session } of sessions) session.destroy();
  await endOf(server, []);
});

test('of WebSocket that read nothing do not hold a drain past its deadline', async () => {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  server.on('connection', (webSocket) => webSocket.send(answer));
  await listening(http);
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, grace, idle: 50 });
  const clients = await come(http, ({ socket }) => {
    socket.removeAllListeners('data').pause();
    socket.write(
      upgrade('/').replace(
        'Upgrade: x',
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ),
    );
  });
  await until(() => server.clients.size === crowd);
  stop.abort();
  assertForced(await inTime(grace, drained), crowd);
  await endOf(http, clients);
});

test.run();
