import assert from 'node:assert/strict';
import { held } from '../support/drain-scene.ts';
import { expecting, post, saysClose } from '../support/http-messages.ts';
import { httpProtocols, type HttpStop, httpStops, type StopHttp } from '../support/http-stops.ts';
import { type Limit, limits } from '../support/limits.ts';
import { connect, type Ending, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { sleep } from '../support/turns.ts';

const test = suite('drain and serve of HTTP uploads that pause');

/** Longer than a client may be silent that was refused its body. */
const LONG_PAUSE_MS = 1200;

const ways = Object.values(httpStops);
const cannot = limits.endOfEarlyAnsweredUpload;

/** Both ways at the same time: they spend it waiting. */
function testBoth(
  title: string,
  run: (stopHttp: StopHttp) => Promise<void>,
  others: readonly Limit[] = [],
): void {
  test(title, () => Promise.all(ways.map(run)), { cannot: [cannot, ...others] });
}

test(
  'let one arrive that was answered early, whatever its pauses',
  async () => {
    const protocols = Object.values(httpProtocols);
    const runs = ways.flatMap((stopHttp) => protocols.map((protocol) => ({ stopHttp, protocol })));
    await Promise.all(
      runs.map(async ({ stopHttp, protocol }) => {
        const { hold, requests, responses, arrived } = held();
        const { server, stop, over } = await stopHttp(protocol.create(), hold);
        const { socket, ending } = await protocol.open(server);
        socket.write(`${post('/', 12)}one `);
        await arrived(1);
        stop.abort();
        await refuses(server);
        responses[0]?.end('early');
        await sleep(LONG_PAUSE_MS);
        socket.write('two ');
        await sleep(50);
        assert.equal(socket.readyState, 'open');
        socket.write('and ');
        const { text, by } = await ending;
        assert.ok(saysClose(text));
        assert.match(text, /early$/);
        assert.equal(by, 'end');
        assert.equal(requests[0]?.complete, true);
        assert.deepEqual((await over()).stragglers, []);
      }),
    );
  },
  { cannot },
);

test(
  'let one arrive that begins late, because its client was told to continue',
  async () => {
    await Promise.all(
      ways.map(async (stopHttp) => {
        const { hold, requests, responses, arrived } = held();
        const { server, stop, over } = await stopHttp(httpProtocols.http.create(), hold);
        const { socket, ending } = await httpProtocols.http.open(server);
        socket.write(expecting(post('/', 4)));
        await arrived(1);
        stop.abort();
        await refuses(server);
        responses[0]?.end('early');
        await sleep(LONG_PAUSE_MS);
        socket.write('body');
        const { text, by } = await ending;
        assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*early$/);
        assert.equal(by, 'end');
        assert.equal(requests[0]?.complete, true);
        assert.deepEqual((await over()).stragglers, []);
      }),
    );
  },
  { cannot },
);

/** A client that has sent a part of its upload, and was answered when the shutdown had begun. */
async function answeredClient(
  stopHttp: StopHttp,
  options: { grace?: number; requestTimeout?: number } = {},
): Promise<{ over: HttpStop['over']; ending: Promise<Ending>; port: number | undefined }> {
  const { grace = 20_000, requestTimeout = 300_000 } = options;
  const { hold, responses, arrived } = held();
  const unbound = httpProtocols.http.create({ requestTimeout, headersTimeout: 500 });
  const { server, stop, over } = await stopHttp(unbound, hold, { grace });
  const { socket, ending } = await connect(server);
  const port = socket.localPort;
  socket.write(`${post('/', 12)}one `);
  await arrived(1);
  stop.abort();
  await refuses(server);
  responses[0]?.end('early');
  return { over, ending, port };
}

testBoth("end one at the server's requestTimeout after its answer", async (stopHttp) => {
  const { over, ending } = await answeredClient(stopHttp, { requestTimeout: 1300 });
  const answered = performance.now();
  assert.match((await ending).text, /early$/);
  const elapsed = performance.now() - answered;
  assert.ok(elapsed >= 1250 && elapsed < 6000, String(elapsed));
  assert.deepEqual((await over()).stragglers, []);
});

testBoth('end one at grace, if that comes first, and list it', async (stopHttp) => {
  const { over, ending, port } = await answeredClient(stopHttp, { grace: 200 });
  assert.match((await ending).text, /early$/);
  const { stragglers } = await over();
  const seen = stragglers.map(({ kind, remotePort }) => ({ kind, remotePort }));
  assert.deepEqual(seen, [{ kind: 'request', remotePort: port }]);
});

interface RefusedClient {
  readonly write: (part: string) => void;
  readonly ending: Promise<Ending>;
  readonly over: HttpStop['over'];
  /** Whether its body has arrived. */
  readonly isComplete: () => boolean;
}

/** A client that has asked whether to send its body, and was told that it is too large. */
async function refusedClient(stopHttp: StopHttp): Promise<RefusedClient> {
  const { hold, requests, responses, arrived } = held();
  const unbound = httpProtocols.http.create().on('checkContinue', hold);
  const { server, stop, over } = await stopHttp(unbound, hold, { grace: 20_000 });
  const { socket, ending } = await connect(server);
  socket.write(expecting(post('/', 12)));
  await arrived(1);
  stop.abort();
  await refuses(server);
  responses[0]?.writeHead(413).end();
  return {
    write: (part) => void socket.write(part),
    ending,
    over,
    isComplete: () => requests[0]?.complete === true,
  };
}

testBoth('end a client soon that was refused its body and sends none', async (stopHttp) => {
  const { ending, over } = await refusedClient(stopHttp);
  const refused = performance.now();
  const { text, by } = await ending;
  const elapsed = performance.now() - refused;
  assert.match(text, /^HTTP\/1\.1 413 /);
  assert.ok(saysClose(text));
  assert.equal(by, 'end');
  assert.ok(elapsed >= 900 && elapsed < 8000, String(elapsed));
  assert.deepEqual((await over()).stragglers, []);
});

testBoth(
  'let that body arrive if it comes all the same, with pauses',
  async (stopHttp) => {
    const { write, ending, over, isComplete } = await refusedClient(stopHttp);
    await sleep(200);
    write('one ');
    // Two looks at whether anything has come.
    await sleep(2 * LONG_PAUSE_MS);
    write('two and ');
    const { text, by } = await ending;
    assert.match(text, /^HTTP\/1\.1 413 /);
    assert.equal(by, 'end');
    assert.ok(isComplete());
    assert.deepEqual((await over()).stragglers, []);
  },
  [limits.refusedBody],
);

test.run();
