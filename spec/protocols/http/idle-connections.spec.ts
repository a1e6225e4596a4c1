import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { acceptLoop, drain, serve } from 'accept-loop';
import { get } from '../../support/http-messages.ts';
import { limits } from '../../support/limits.ts';
import {
  type Client,
  closeServer,
  connect,
  connectAccepted,
  listening,
} from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { turns, until } from '../../support/turns.ts';
import { collectWarnings } from '../../support/warnings.ts';

const test = suite('an idle HTTP connection');

type Answer = (response: ServerResponse) => void;

const answerAll: Answer = (response) => void response.end('answer');
const fail: Answer = (response) => void response.destroy(new Error('a fault'));

/** How the requests of a server are answered. @returns What stops it. */
const ways: Readonly<Record<string, (server: Server, answer: Answer) => () => Promise<unknown>>> = {
  serve(server, answer) {
    const serving = serve(server, ([, response]) => answer(response), { onError() {} });
    return () => serving.stop();
  },
  drain(server, answer) {
    const stop = new AbortController();
    server.on('request', (_request, response) => answer(response));
    const drained = drain(server, stop.signal);
    return () => {
      stop.abort();
      return drained;
    };
  },
};

function listeners(socket: Socket): Record<'close' | 'error', number> {
  return { close: socket.listenerCount('close'), error: socket.listenerCount('error') };
}

/** A connection of a server, on both sides. */
async function accepted(server: Server): Promise<Client & { own: Socket }> {
  const [[own], client] = await Promise.all([once(server, 'connection'), connect(server)]);
  return { ...client, own: own as Socket };
}

async function ask(socket: Socket): Promise<void> {
  socket.write(get('/'));
  await once(socket, 'data');
}

/** How many listeners the runtime has on an idle socket. */
async function bareListeners(): Promise<Record<'close' | 'error', number>> {
  const server = await listening(createServer((_request, response) => response.end('answer')));
  const { socket, own } = await accepted(server);
  await ask(socket);
  await turns(10);
  const counts = listeners(own);
  socket.destroy();
  await closeServer(server);
  return counts;
}

for (const [way, take] of Object.entries(ways)) {
  test(`has one listener of ours once it has rested, and the guard with its next request (${way})`, async () => {
    let answer = answerAll;
    const guarded: boolean[] = [];
    const server = await listening(createServer());
    const bare = await bareListeners();
    const stop = take(server, (response) => {
      guarded.push(own.listenerCount('error') === bare.error + 1);
      answer(response);
    });
    const { socket, ending, own } = await accepted(server);
    for (let count = 0; count < 2; count += 1) {
      await ask(socket);
      await until(() => own.listenerCount('error') === bare.error);
      assert.equal(own.listenerCount('close'), bare.close + 1);
    }
    assert.deepEqual(guarded, [true, true]);
    answer = fail;
    socket.write(`${get('/')}CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await ending;
    await stop();
  });

  test(`keeps the guard if no other code listens for errors (${way})`, async () => {
    const sockets: Socket[] = [];
    const server = await listening(createServer());
    server.on('connection', (socket) => {
      sockets.push(socket);
      if (sockets.length === 1) socket.removeAllListeners('error');
    });
    const stop = take(server, answerAll);
    const clients = [await connectAccepted(server), await connectAccepted(server)];
    await until(() => sockets[1]?.listenerCount('error') === 1);
    assert.equal(sockets[0]?.listenerCount('error'), 1);
    // Without a listener, this would be an uncaught exception.
    sockets[0]?.destroy(new Error('a fault'));
    for (const { socket } of clients) socket.destroy();
    await stop();
  });
}

test(
  'has the guard again when it becomes a tunnel after the end of a loop',
  async () => {
    const server = await listening(createServer());
    const upgraded = once(server, 'upgrade') as Promise<[unknown, Socket]>;
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const served = (async () => {
      for await (const [, response] of loop) response.end('answer');
    })();
    const bare = await bareListeners();
    const { socket, own } = await accepted(server);
    await ask(socket);
    await until(() => own.listenerCount('error') === bare.error);
    // Half a request is no idle connection: it outlives the loop.
    const { bytesRead } = own;
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
    await until(() => own.bytesRead > bytesRead || 'bun' in process.versions);
    stop.abort();
    await served;
    socket.write('Connection: Upgrade\r\nUpgrade: something\r\n\r\n');
    const [, tunnel] = await upgraded;
    assert.ok(tunnel.listenerCount('error') > 0);
    // `once()` would listen for errors.
    const closed = new Promise((resolve) => tunnel.on('close', resolve));
    socket.resetAndDestroy();
    // Without a listener, this would be an uncaught exception.
    await closed;
    await closeServer(server);
  },
  { cannot: limits.httpNewcomers },
);

test('stays a tunnel if its owner hands the upgrade to the listeners for requests', async () => {
  const server = await listening(createServer());
  server.on('request', ({ socket }: IncomingMessage, response) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    response.emit('close');
  });
  server.on('upgrade', (request: IncomingMessage) => {
    server.emit('request', request, new ServerResponse(request));
  });
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, idle: 0, grace: 500 });
  const { socket } = await accepted(server);
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  await once(socket, 'data');
  assert.deepEqual(
    drained.open().map(({ state }) => state),
    ['upgraded'],
  );
  stop.abort();
  const { forced, stragglers } = await drained;
  assert.equal(forced, 1);
  assert.deepEqual(
    stragglers.map(({ kind }) => kind),
    ['upgrade'],
  );
  socket.destroy();
});

test('is a tunnel, and stays one, though the body of its upgrade comes later', async () => {
  const server = await listening(createServer());
  server.on('upgrade', (_request: IncomingMessage, stream: Duplex) => {
    stream.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    stream.resume();
  });
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, idle: 0, grace: 500 });
  const { socket } = await accepted(server);
  socket.write(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 5\r\n\r\n',
  );
  await once(socket, 'data');
  socket.write('hello');
  await turns(10);
  assert.deepEqual(
    drained.open().map(({ state }) => state),
    ['upgraded'],
  );
  stop.abort();
  const { finished, forced } = await drained;
  assert.deepEqual({ finished, forced }, { finished: 0, forced: 1 });
  socket.destroy();
});

const asksItself = {
  runtimes: ['bun'],
  title: 'Count the calls of a method of a socket',
  reason: 'Bun itself calls `listenerCount()` of its sockets.',
};

test(
  'is told of once if its owner has replaced a method that throws',
  async () => {
    const { warnings, stopCollecting } = collectWarnings();
    const server = await listening(createServer());
    let asked = 0;
    server.on('request', ({ socket }: IncomingMessage, response) => {
      socket.listenerCount = () => {
        asked += 1;
        throw new Error('listenerCount');
      };
      response.end('answer');
    });
    const stop = new AbortController();
    const drained = drain(server, { signal: stop.signal, idle: 0 });
    const { socket, ending } = await accepted(server);
    await ask(socket);
    await until(() => asked >= 2);
    stop.abort();
    await Promise.all([ending, drained]);
    await turns(2);
    stopCollecting();
    assert.equal(warnings.filter(({ message }) => message === 'listenerCount').length, 1);
  },
  { cannot: asksItself },
);

test.run();
