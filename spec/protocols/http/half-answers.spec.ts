import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { drain, serve } from 'accept-loop';
import { gate } from '../../support/scene.ts';
import { runtime } from '../../support/runtime.ts';
import { connect, type Ending, listening } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';

const test = suite('half an answer of HTTP/1');

/**
 * The requests whose answers end with their connections: a reset alone tells that they are cut. Bun
 * answers 400 to the last one.
 */
const heads = {
  'HTTP/1.0': 'GET / HTTP/1.0\r\n\r\n',
  'HTTP/1.0, kept': 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  ...(runtime.name !== 'bun' && { 'HTTP/2.0': 'GET / HTTP/2.0\r\nHost: localhost\r\n\r\n' }),
};

type Owner = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Each begins a server that has this owner, and gives what stops it. */
const ways = {
  'at grace (serve)': async (owner: Owner) => {
    const server = await listening(createServer());
    const serving = serve(server, ([request, response]) => {
      owner(request, response);
      return new Promise(() => {});
    });
    return { server, stop: () => serving.stop({ grace: 0 }) };
  },
  'whose handler fails (serve)': async (owner: Owner) => {
    const server = await listening(createServer());
    const fail = gate();
    const serving = serve(
      server,
      async ([request, response]) => {
        owner(request, response);
        await fail.opened;
        throw new Error('after half an answer');
      },
      { onError() {} },
    );
    const stop = async (): Promise<unknown> => {
      fail.open();
      return serving.stop({ grace: 1000 });
    };
    return { server, stop };
  },
  'at grace (drain)': async (owner: Owner) => {
    const server = await listening(createServer(owner));
    const drained = drain(server, new AbortController().signal);
    return { server, stop: () => drained.stop({ grace: 0 }) };
  },
} as const;

const writeHalf: Owner = (_, response) => void response.write('half');
const writeHalfOfKnown: Owner = (_, response) => {
  response.setHeader('content-length', 8);
  response.write('half');
};

/** What a client gets of a server that is stopped when half an answer has arrived. */
async function cut(way: keyof typeof ways, head: string, owner: Owner): Promise<Ending> {
  const { server, stop } = await ways[way](owner);
  const { socket, ending } = await connect(server);
  socket.write(head);
  await once(socket, 'data');
  await stop();
  return ending;
}

for (const way of Object.keys(ways) as (keyof typeof ways)[]) {
  for (const [what, head] of Object.entries(heads)) {
    test(`is ended by a reset ${way}: ${what}`, async () => {
      const { text, by } = await cut(way, head, writeHalf);
      assert.match(text, /\r\n\r\nhalf$/);
      assert.equal(by, 'ECONNRESET');
    });
  }

  test(`is ended in order ${way} where its length tells: HTTP/1.0`, async () => {
    const { text, by } = await cut(way, heads['HTTP/1.0'], writeHalfOfKnown);
    assert.match(text, /\r\n\r\nhalf$/);
    assert.equal(by, 'end');
  });

  test(`is ended in order ${way} where its chunks tell: HTTP/1.1`, async () => {
    const { text, by } = await cut(way, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', writeHalf);
    assert.match(text, /4\r\nhalf\r\n$/);
    assert.equal(by, 'end');
  });
}

test.run();
