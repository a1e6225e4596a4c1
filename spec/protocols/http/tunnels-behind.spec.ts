import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { acceptLoop, drain, serve } from 'accept-loop';
import { connect, listening } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';

const test = suite('a tunnel that is asked for behind a request');

const nothing = (): void => {};

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** How the requests of a server are answered. @returns What stops it. */
const ways: Readonly<Record<string, (server: Server, answer: Answer) => () => Promise<unknown>>> = {
  acceptLoop(server, answer) {
    const stop = new AbortController();
    const served = (async () => {
      for await (const [request, response] of acceptLoop(server, stop.signal)) {
        void answer(request, response);
      }
    })();
    return () => {
      stop.abort();
      return served;
    };
  },
  serve(server, answer) {
    const serving = serve(server, (exchange) => answer(...exchange), { onError: nothing });
    return () => serving.stop();
  },
  drain(server, answer) {
    const stop = new AbortController();
    const drained = drain(server.on('request', answer), { signal: stop.signal });
    return () => {
      stop.abort();
      return drained;
    };
  },
};

/** What destroys a response with an error, which its server gives to the socket. */
const faults: Readonly<Record<string, Answer>> = {
  'destroy()': (_request, response) => response.destroy(new Error('a fault')),
  'pipeline()': async (_request, response) => {
    const source = new Readable({ read: () => source.destroy(new Error('a fault')) });
    await assert.rejects(pipeline(source, response));
  },
};

const tunnels = {
  CONNECT: 'CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  upgrade: 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
};

for (const [way, take] of Object.entries(ways)) {
  for (const [how, fault] of Object.entries(faults)) {
    for (const [tunnel, asked] of Object.entries(tunnels)) {
      // Node takes its own 'error' listener off the socket then.
      test(`does not make an uncaught error of one that fails by ${how} (${way}, ${tunnel})`, async () => {
        const server = await listening(createServer());
        if (tunnel === 'upgrade') server.on('upgrade', () => {});
        const stop = take(server, fault);
        const { socket } = await connect(server);
        socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\n\r\n${asked}`);
        if (!socket.destroyed) await once(socket.resume(), 'close');
        await stop();
      });
    }
  }
}

test.run();
