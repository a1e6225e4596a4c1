import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as send,
  type ServerResponse,
} from 'node:http';
import type { Server } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { drain, serve } from 'accept-loop';
import { answer, drainScene, held, told } from '../support/drain-scene.ts';
import { answersIn, get, post, saysClose } from '../support/http-messages.ts';
import { httpStops } from '../support/http-stops.ts';
import { override } from '../support/overrides.ts';
import { Told } from '../support/throwing-owners.ts';
import { limits } from '../support/limits.ts';
import { gate } from '../support/scene.ts';
import {
  type Client,
  connect,
  connectAccepted,
  listening,
  portOf,
  refuses,
} from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { sleep, turns, until } from '../support/turns.ts';

const test = suite('drain of HTTP uploads');

const chunked =
  'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf \r\n';

test('lets half a body arrive, answers it with Connection: close, and ends', async () => {
  let requests = 0;
  const { server, stop, over } = await drainScene(
    createServer((request, response) => {
      requests += 1;
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => response.end(`read ${body}`));
    }),
  );
  const clients = [await connect(server), await connect(server)];
  clients[0]?.socket.write(post('/', 10) + 'half ');
  clients[1]?.socket.write(chunked);
  await until(() => requests === 2);
  stop.abort();
  await sleep(150);
  clients[0]?.socket.write('whole');
  clients[1]?.socket.write('5\r\nwhole\r\n0\r\n\r\n');
  for (const { ending } of clients) {
    const { text, by } = await ending;
    assert.ok(saysClose(text));
    assert.match(text, /read half whole$/);
    assert.equal(by, 'end');
  }
  const { finished, duration } = await over();
  assert.equal(finished, 2);
  assert.ok(duration < 5000, String(duration));
});

for (const when of ['before', 'after'] as const) {
  test(
    `ends an upload that was answered ${when} the beginning once it has arrived (A36)`,
    async () => {
      const { hold, responses, arrived } = held();
      const { server, stop, over } = await drainScene(createServer(hold));
      const { socket, ending } = await connect(server);
      socket.write(post('/', 10) + 'half ');
      await arrived(1);
      if (when === 'before') responses[0]?.end('early');
      stop.abort();
      await refuses(server);
      if (when === 'after') responses[0]?.end('early');
      await sleep(200);
      assert.equal(socket.readyState, 'open');
      socket.write('whole');
      const { text, by } = await ending;
      assert.equal(saysClose(text), when === 'after');
      assert.match(text, /early$/);
      assert.equal(by, 'end');
      assert.equal((await over()).finished, 1);
    },
    { cannot: limits.endOfEarlyAnsweredUpload },
  );
}

/** Sends 8 MB, and reads nothing before all of it is sent. */
async function sendAll({ socket }: Client): Promise<void> {
  const body = Buffer.alloc(8 << 20, 'x');
  socket.pause();
  socket.write(post('/', body.length));
  await new Promise((resolve) => socket.write(body, resolve));
  socket.resume();
}

test(
  'answers clients that send 8 MB and only then read, 20 of 20 (A36)',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer));
    const clients: Client[] = [];
    while (clients.length < 20) clients.push(await connectAccepted(server));
    stop.abort();
    await refuses(server);
    await Promise.all(
      clients.map(async (client) => {
        await sendAll(client);
        assert.match((await client.ending).text, /connection: close[^]*answer to \/$/i);
      }),
    );
    assert.equal((await over()).finished, 20);
  },
  { cannot: [limits.endOfEarlyAnsweredUpload, limits.httpNewcomers] },
);

test(
  'lets the rest arrive of an upload whose response has lost its listeners',
  async () => {
    const { server, stop, over } = await drainScene(
      createServer((_request, response) => {
        response.end('early');
        response.removeAllListeners('close');
      }),
    );
    const { socket, ending } = await connect(server);
    socket.write(post('/', 10) + 'half ');
    await once(socket, 'data');
    stop.abort();
    await refuses(server);
    // Twice as long as it takes to look for what has ended unheard.
    await sleep(400);
    assert.equal(socket.readyState, 'open');
    socket.write('whole');
    assert.equal((await ending).by, 'end');
    const { finished, forced } = await over();
    assert.deepEqual([finished, forced], [1, 0]);
  },
  { cannot: limits.endOfEarlyAnsweredUpload },
);

test('says close to clients whose uploads no handler reads, however busy they are', async () => {
  const { server, stop, over } = await drainScene(createServer(answer), { grace: 3000 });
  const port = portOf(server);
  const answers = { close: 0, 'keep-alive': 0 };
  const clients = Array.from({ length: 5 }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let hasClosed = false; !hasClosed;) {
      const upload = send({ port, host: '127.0.0.1', agent, method: 'POST' });
      upload.end('some body');
      const [response] = (await once(upload, 'response')) as [IncomingMessage];
      await once(response.resume(), 'end');
      hasClosed = response.headers.connection === 'close';
      answers[hasClosed ? 'close' : 'keep-alive'] += 1;
      await turns(2);
    }
    agent.destroy();
  });
  await until(() => answers['keep-alive'] >= 50);
  stop.abort();
  await Promise.all(clients);
  assert.equal((await over()).forced, 0);
  assert.equal(answers.close, 5);
});

for (const isAnswered of [false, true]) {
  test(
    `destroys at grace an upload that never completes, and lists it${isAnswered ? ', though it is answered' : ''} (A36)`,
    async () => {
      const { hold, responses, arrived } = held();
      const { server, stop, over } = await drainScene(createServer(hold), { grace: 200 });
      const { socket, ending } = await connect(server);
      const { localPort } = socket;
      socket.write(post('/', 10) + 'half ');
      await arrived(1);
      stop.abort();
      await refuses(server);
      if (isAnswered) responses[0]?.end('early');
      assert.equal((await ending).text.endsWith('early'), isAnswered);
      const { duration, stragglers } = await over();
      assert.ok(duration >= 199 && duration < 1500, String(duration));
      assert.deepEqual(
        stragglers.map(({ kind, remotePort }) => [kind, remotePort]),
        [['request', localPort]],
      );
    },
    isAnswered ? { cannot: limits.endOfEarlyAnsweredUpload } : {},
  );
}

test('ends a connection whose upload has arrived, though nobody reads the rest of it', async () => {
  const { hold, requests, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  const { socket, ending } = await connect(server);
  socket.write(post('/', 10) + 'half ');
  await arrived(1);
  const [request = assert.fail()] = requests;
  await once(request, 'data');
  request.pause();
  stop.abort();
  await refuses(server);
  socket.write('whole');
  await until(() => request.complete);
  responses[0]?.end('enough');
  assert.match((await ending).text, /connection: close[^]*enough$/i);
  const { finished, duration } = await over();
  assert.equal(finished, 1);
  assert.ok(duration < 5000, String(duration));
});

test(
  'lets an upload arrive that was answered before the stop, and that nothing reads any more',
  async () => {
    const large = 8_000_000;
    const { opened: answered, open } = gate();
    const { server, stop, over } = await drainScene(
      createServer((request, response) => {
        // Like a body parser that has seen enough.
        request.once('data', () => request.pause());
        request.once('pause', () => {
          response.statusCode = 413;
          response.end('too large', () => open());
        });
      }),
      { grace: 20_000 },
    );
    const { socket, ending } = await connect(server);
    // It reads nothing before it has sent everything.
    socket.pause();
    socket.write(post('/', large));
    socket.write(Buffer.alloc(large), () => socket.resume());
    await answered;
    stop.abort();
    const { text, by } = await ending;
    assert.match(text, /^HTTP\/1\.1 413 [^]*too large$/);
    assert.equal(by, 'end');
    const { finished, duration } = await over();
    assert.equal(finished, 1);
    assert.ok(duration < 5000, String(duration));
  },
  { cannot: limits.endOfEarlyAnsweredUpload },
);

/** Written so short that what is behind it is not noticed: its answer says close. */
const short = `GET /first HTTP/1.1\r\nHost:localhost\r\n${'x:y\r\n'.repeat(300)}\r\n`;

for (const [way, stopHttp] of Object.entries(httpStops)) {
  for (const [what, first] of Object.entries({ 'says close': short, 'does not': get('/first') })) {
    test(
      `survives an upload that is pipelined behind an answer that ${what} (${way})`,
      async () => {
        const { server, stop, over } = await stopHttp(createServer(), answer, { idle: 5000 });
        const { socket, ending } = await connectAccepted(server);
        stop.abort();
        await refuses(server);
        socket.write(`${first}${post('/second', 4)}body${get('/third')}`);
        const answers = answersIn((await ending).text);
        const closing = first === short ? 0 : 1;
        assert.equal(answers.findIndex(saysClose), closing);
        // Node may leave those behind it unanswered, but not answer them out of turn.
        const urls = ['/first', '/second', '/third'].slice(0, answers.length);
        assert.deepEqual(
          answers.map((each) => each.split('\r\n\r\n')[1]),
          urls.map((url) => `answer to ${url}`),
        );
        assert.deepEqual((await over()).stragglers, []);
      },
      { cannot: [limits.httpNewcomers, limits.requestAfterClose] },
    );
  }
}

test('is not held by an upload that its client aborts', async () => {
  const { hold, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  const clients = [await connect(server), await connect(server)];
  for (const { socket } of clients) socket.write(post('/', 10) + 'half ');
  await arrived(2);
  responses[0]?.end('early');
  stop.abort();
  await refuses(server);
  for (const { socket } of clients) socket.resetAndDestroy();
  const { forced, duration } = await over();
  assert.equal(forced, 0);
  assert.ok(duration < 5000, String(duration));
});

test('leaves a socket its own destroySoon() when the upload has arrived (A57)', async () => {
  const { hold, requests, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold) as Server);
  const { socket, ending } = await connect(server);
  socket.write(post('/', 10) + 'half ');
  await arrived(1);
  stop.abort();
  await told(responses[0]);
  const [request = assert.fail()] = requests;
  const incoming = request.socket;
  socket.write('whole');
  await once(request.resume(), 'end');
  assert.equal(Object.hasOwn(incoming, 'destroySoon'), false);
  responses[0]?.end('whole');
  assert.match((await ending).text, /connection: close[^]*whole$/i);
  assert.equal((await over()).finished, 1);
});

for (const kind of ['drain', 'serve'] as const) {
  test(`answers an upload that stalls 408 when the server's requestTimeout is over: ${kind}`, async () => {
    const server = await listening(createServer());
    server.requestTimeout = 400;
    const stop = new AbortController();
    const options = { signal: stop.signal, grace: Infinity, idle: 50 };
    const errors: unknown[] = [];
    let answered = 0;
    const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const text = await textOf(request);
      answered += 1;
      response.end(text);
    };
    const finished =
      kind === 'drain'
        ? drain(
            server.on('request', (...args) => void handle(...args).catch(() => {})),
            options,
          )
        : serve(server, (args) => handle(...args), { ...options, onError: (e) => errors.push(e) })
            .finished;
    const slow = [await connect(server), await connect(server)];
    const whole = await connect(server);
    const arrivals = once(server, 'request').then(() => until(() => answered === 1));
    slow[0]?.socket.write(post('/', 10) + 'half ');
    slow[1]?.socket.write(chunked);
    whole.socket.write(post('/', 5) + 'first');
    await arrivals;
    stop.abort();
    // One byte now and then is no progress.
    const drip = setInterval(() => slow[1]?.socket.write('1\r\nx\r\n'), 100);
    for (const { ending } of slow) assert.match((await ending).text, /^HTTP\/1\.1 408 /);
    clearInterval(drip);
    assert.match((await whole.ending).text, /first$/);
    const report = await finished;
    assert.deepEqual(
      report.stragglers.map((straggler) => straggler.kind),
      ['request', 'request'],
    );
    assert.deepEqual(errors, []);
  });
}

test('ends an upload that stalls behind the beginning of its answer, without a 408', async () => {
  const { hold, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold), { grace: Infinity });
  server.requestTimeout = 300;
  const { socket, ending } = await connect(server);
  socket.write(post('/', 10) + 'half ');
  await arrived(1);
  responses[0]?.write('some');
  stop.abort();
  const { text } = await ending;
  assert.match(text, /some\r\n$/);
  assert.doesNotMatch(text, / 408 /);
  assert.equal((await over()).forced, 1);
});

test('has a request that is whole answered, however long that takes', async () => {
  const { hold, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  server.requestTimeout = 100;
  const { socket, ending } = await connect(server);
  socket.write(post('/', 10) + 'half ');
  await arrived(1);
  stop.abort();
  await refuses(server);
  responses[0]?.req.resume();
  socket.write('whole');
  await sleep(300);
  responses[0]?.end('late');
  assert.match((await ending).text, /late$/);
  assert.equal((await over()).forced, 0);
});

for (const name of ['resume', 'off', 'readableDidRead'] as const) {
  test(
    `costs the connection alone whose request has a "${name}" that throws`,
    async () => {
      const { hold, responses, arrived } = held();
      const { server, stop, over } = await drainScene(createServer(hold));
      const [broken, whole] = [await connect(server), await connect(server)];
      broken.socket.write(post('/', 10) + 'half ');
      await arrived(1);
      whole.socket.write(post('/', 10) + 'half ');
      await arrived(2);
      const warned = new Told();
      warned.begin();
      override(responses[0]?.req ?? {}, name, () => new Error('of the owner'));
      stop.abort();
      await refuses(server);
      for (const response of responses) response.end('early');
      await turns(5);
      broken.socket.write('whole');
      whole.socket.write('whole');
      await broken.ending;
      assert.match((await whole.ending).text, /early$/);
      await over();
      warned.end();
      assert.equal(warned.has('of the owner'), true);
    },
    { cannot: limits.endOfEarlyAnsweredUpload },
  );
}

test.run();
