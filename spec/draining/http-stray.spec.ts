import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { answer } from '../support/drain-scene.ts';
import { answersIn, get, post, saysClose } from '../support/http-messages.ts';
import { httpProtocols, httpStops } from '../support/http-stops.ts';
import { limits } from '../support/limits.ts';
import { runtime } from '../support/runtime.ts';
import { refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('drain and serve of HTTP with stray bytes');

const EMPTY_LINE = '\r\n\r\n';
const EMPTY_LINES = '\r\n'.repeat(8);

interface Stray {
  readonly what: string;
  /** Sent with the body. */
  readonly behind?: string;
  /** Sent when the answer has come. */
  readonly later?: string;
}

/** What some clients send behind a body. */
const strays: readonly Stray[] = [
  { what: 'a line break behind an answer', later: '\r\n' },
  { what: 'an empty line behind a body', behind: EMPTY_LINE },
  { what: 'an empty line behind an answer', later: EMPTY_LINE },
  { what: 'empty lines behind an answer', later: EMPTY_LINES },
];

/** Answers, and remembers the server's sockets. */
function answering(): { listener: RequestListener; sockets: Socket[] } {
  const sockets: Socket[] = [];
  return {
    sockets,
    listener(request, response) {
      sockets.push(request.socket);
      answer(request, response);
    },
  };
}

/** Sends a request with a body, reads its answer, and sends more that the server reads. */
async function askAndRead(
  socket: Socket,
  sockets: readonly Socket[],
  { behind = '', later = '' }: Omit<Stray, 'what'>,
): Promise<void> {
  socket.write(`${post('/first', 4)}body${behind}`);
  await once(socket, 'data');
  const accepted = sockets.at(-1) ?? assert.fail();
  const { bytesRead } = accepted;
  if (later) socket.write(later);
  // Bun does not count.
  if (later && runtime.name !== 'bun') await until(() => accepted.bytesRead > bytesRead);
}

/** Node ends by itself what is idle for so long; behind a load balancer it has to be long. */
const keepAliveTimeout = 60_000;

/** A shutdown that waits for half a request waits for longer. */
const patient = { grace: 30_000 };

for (const [way, stopHttp] of Object.entries(httpStops)) {
  for (const [protocol, { create, open }] of Object.entries(httpProtocols)) {
    for (const { what, ...stray } of strays) {
      test(
        `do not wait for ${what} (${way}, ${protocol})`,
        async () => {
          const { listener, sockets } = answering();
          const { server, stop, over } = await stopHttp(
            create({ keepAliveTimeout }),
            listener,
            patient,
          );
          const { socket, ending } = await open(server);
          await askAndRead(socket, sockets, stray);
          stop.abort();
          const { text, by } = await ending;
          assert.match(text, /answer to \/first$/);
          assert.equal(by, 'end');
          assert.deepEqual((await over()).stragglers, []);
        },
        { cannot: limits.strayBytes },
      );
    }

    test(
      `give half a head beside it its time (${way}, ${protocol})`,
      async () => {
        const unbound = create({ keepAliveTimeout, headersTimeout: 600 });
        const { listener, sockets } = answering();
        const { server, stop, over } = await stopHttp(unbound, listener, patient);
        const clients = [await open(server), await open(server)] as const;
        const [stray, half] = clients;
        const { localPort } = half.socket;
        await askAndRead(stray.socket, sockets, { later: EMPTY_LINE });
        await askAndRead(half.socket, sockets, { later: 'GET / HT' });
        stop.abort();
        assert.equal((await stray.ending).by, 'end');
        const { text } = await half.ending;
        assert.match(text, /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 408 /);
        const { stragglers } = await over();
        const seen = stragglers.map(({ kind, remotePort }) => ({ kind, remotePort }));
        assert.deepEqual(seen, [{ kind: 'request', remotePort: localPort }]);
      },
      { cannot: [limits.httpNewcomers, limits.strayBytes] },
    );

    test(
      `answer half a head behind it that arrives (${way}, ${protocol})`,
      async () => {
        const { listener, sockets } = answering();
        const { server, stop, over } = await stopHttp(
          create({ keepAliveTimeout }),
          listener,
          patient,
        );
        const { socket, ending } = await open(server);
        await askAndRead(socket, sockets, { later: `${EMPTY_LINE}GET /seco` });
        stop.abort();
        await refuses(server);
        socket.write('nd HTTP/1.1\r\nHost: localhost\r\n\r\n');
        const [first = '', second = ''] = answersIn((await ending).text);
        assert.match(first, /answer to \/first$/);
        assert.match(second, /answer to \/second$/);
        assert.ok(saysClose(second));
        assert.deepEqual((await over()).stragglers, []);
      },
      { cannot: limits.httpNewcomers },
    );

    test(
      `answer what comes behind it in the idle window (${way}, ${protocol})`,
      async () => {
        const { listener, sockets } = answering();
        const { server, stop, over } = await stopHttp(create({ keepAliveTimeout }), listener, {
          ...patient,
          idle: 3000,
        });
        const { socket, ending } = await open(server);
        await askAndRead(socket, sockets, { later: EMPTY_LINES });
        stop.abort();
        await refuses(server);
        socket.write(get('/second'));
        const [, second = ''] = answersIn((await ending).text);
        assert.match(second, /answer to \/second$/);
        assert.ok(saysClose(second));
        assert.deepEqual((await over()).stragglers, []);
      },
      { cannot: limits.idleAfterClose },
    );
  }
}

test.run();
