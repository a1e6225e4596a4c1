import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { drain, serve } from 'accept-loop';
import { get } from '../../support/http-messages.ts';
import {
  type Client,
  closeServer,
  connect,
  connectAccepted,
  listening,
} from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { turns, until } from '../../support/turns.ts';

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

test.run();
