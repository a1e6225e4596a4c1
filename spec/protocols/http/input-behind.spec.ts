import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSecureServer as createHttp2Server } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import { certificate } from '../../support/certificate.ts';
import { drainScene } from '../../support/drain-scene.ts';
import { answersIn, get, saysClose } from '../../support/http-messages.ts';
import { limits } from '../../support/limits.ts';
import { serveScene } from '../../support/serve-scene.ts';
import { type Client, connect, goOnWithTls, refuses } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';

const test = suite('a client that pipelines while a server stops, and is answered in the call');

/** Much longer than a client takes. */
const IDLE_MS = 2000;

const kinds = {
  http: { create: () => createServer(), isSecure: false },
  https: { create: () => createSecureServer(certificate), isSecure: true },
  'http2, by HTTP/1': {
    create: () => createHttp2Server({ ...certificate, allowHTTP1: true }) as unknown as Server,
    isSecure: true,
  },
};

const answer = ({ url }: IncomingMessage, response: ServerResponse): unknown =>
  response.end(`answer to ${url}`);

interface Scene {
  readonly server: Server;
  readonly stop: AbortController;
  readonly over: () => Promise<unknown>;
}

const ways: Record<string, (unbound: Server, idle: number) => Promise<Scene>> = {
  drain: (unbound, idle) => drainScene(unbound.on('request', answer), { idle, grace: Infinity }),
  serve: (unbound, idle) =>
    serveScene(unbound, async ([request, response]) => void answer(request, response), {
      idle,
      grace: Infinity,
    }),
  'serve, one slot': (unbound, idle) =>
    serveScene(unbound, async ([request, response]) => void answer(request, response), {
      idle,
      grace: Infinity,
      concurrency: 1,
      maxQueued: 5000,
    }),
};

/** A client that has been answered, of a server that has stopped listening. */
async function begin(
  { create, isSecure }: (typeof kinds)[keyof typeof kinds],
  way: keyof typeof ways,
  idle = IDLE_MS,
): Promise<Client & Pick<Scene, 'over'>> {
  const { server, stop, over } = (await ways[way]?.(create(), idle)) ?? assert.fail();
  const raw = await connect(server);
  const client = isSecure ? await goOnWithTls(raw.socket) : raw;
  client.socket.write(get('/0'));
  await once(client.socket, 'data');
  stop.abort();
  await refuses(server);
  return { ...client, over };
}

function assertAnswered(text: string, count: number): void {
  const answers = answersIn(text);
  assert.equal(answers.length, count + 1);
  for (const [index, each] of answers.entries()) {
    assert.ok(each.endsWith(`\r\n\r\nanswer to /${index}`), each);
    assert.equal(saysClose(each), index === count, each);
  }
}

const batch = (count: number, one = get): string =>
  Array.from({ length: count }, (_, index) => one(`/${index + 1}`)).join('');

const odd = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost:         localhost\r\nAccept:\t\t \t*/*   \r\n\r\n`;

const short = (path: string): string => `GET ${path} HTTP/1.1\r\nHost:localhost\r\n\r\n`;

for (const way of Object.keys(ways)) {
  for (const [name, kind] of Object.entries(kinds)) {
    for (const count of [2, 20]) {
      test(
        `gets all ${count} answers, the last with close (${way}, ${name}) (A32)`,
        async () => {
          const { socket, ending, over } = await begin(kind, way);
          socket.write(batch(count));
          assertAnswered((await ending).text, count);
          await over();
        },
        { cannot: limits.idleAfterClose },
      );
    }
  }

  test(
    `gets all 4000 answers, in many reads (${way})`,
    async () => {
      const { socket, ending, over } = await begin(kinds.http, way);
      socket.write(batch(4000));
      assertAnswered((await ending).text, 4000);
      await over();
    },
    { cannot: [limits.idleAfterClose, limits.requestAfterClose] },
  );

  test(`gets all answers to what it has sent before (${way})`, async () => {
    const { server, stop, over } = (await ways[way]?.(createServer(), IDLE_MS)) ?? assert.fail();
    const { socket, ending } = await connect(server);
    socket.write(get('/0') + batch(2));
    await once(socket, 'data');
    stop.abort();
    assert.equal(answersIn((await ending).text).length, 3);
    await over();
  });

  test(
    `is told with its second answer at the latest, however it writes its heads (${way})`,
    async () => {
      const { socket, ending, over } = await begin(kinds.http, way);
      socket.write(odd('/1'));
      await once(socket, 'data');
      socket.write(odd('/2'));
      assertAnswered((await ending).text, 2);
      await over();
    },
    { cannot: [limits.idleAfterClose, limits.requestAfterClose] },
  );

  test(
    `holds no stop by odd heads, however long it goes on (${way})`,
    async () => {
      const { socket, ending, over } = await begin(kinds.http, way, 100);
      const talk = setInterval(() => socket.write(odd('/1') + odd('/2')), 20);
      await ending;
      clearInterval(talk);
      await over();
    },
    { cannot: limits.idleAfterClose },
  );

  test(
    `gets all answers, however it writes its heads (${way})`,
    async () => {
      const { socket, ending, over } = await begin(kinds.http, way);
      socket.write(batch(20, short));
      assertAnswered((await ending).text, 20);
      await over();
    },
    { cannot: [limits.idleAfterClose, limits.requestAfterClose] },
  );
}

test.run();
