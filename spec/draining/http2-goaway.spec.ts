import assert from 'node:assert/strict';
import { once } from 'node:events';
import { http2Drain, http2Servers } from '../support/drain-http2.ts';
import {
  ANY_STREAM,
  FrameClient,
  frameTypes,
  idleClient,
  isPing,
  REFUSED_STREAM,
} from '../support/http2-frames.ts';
import { limits } from '../support/limits.ts';
import { countsOf } from '../support/report.ts';
import { gate } from '../support/scene.ts';
import { connect, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('drain of HTTP/2 by GOAWAY');

for (const [name, { scheme, create }] of Object.entries(http2Servers)) {
  test(`says in a second GOAWAY what it has served (${name}) (A43)`, async () => {
    const handled: string[] = [];
    const { opened, open } = gate();
    const { server, stop, over } = await http2Drain(create(), async (request, response) => {
      handled.push(request.url);
      await opened;
      response.end(`answer to ${request.url}`);
    });
    const client = new FrameClient(server, scheme);
    client.request(1, '/begun');
    await until(() => handled.length === 1);
    stop.abort();
    await client.frame(isPing);
    assert.deepEqual(client.goaways, [ANY_STREAM]);
    client.request(3, '/crossing');
    await client.answerPing();
    await client.until(() => client.goaways.length === 2);
    const served = handled.includes('/crossing') ? 3 : 1;
    assert.deepEqual(client.goaways, [ANY_STREAM, served]);
    open();
    await client.closed;
    assert.equal(client.bodyOf(1), 'answer to /begun');
    assert.equal(client.bodyOf(3), served === 3 ? 'answer to /crossing' : '');
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });

  test(
    `serves what crosses the first (${name}) (A43)`,
    async () => {
      const { opened, open } = gate();
      let begun = 0;
      const { server, stop, over } = await http2Drain(create(), async (request, response) => {
        begun += 1;
        if (request.url === '/begun') await opened;
        response.end(`answer to ${request.url}`);
      });
      const client = new FrameClient(server, scheme);
      client.request(1, '/begun');
      await until(() => begun === 1);
      stop.abort();
      await client.frame(isPing);
      client.request(3, '/crossing');
      await client.until(() => client.hasEnded(3));
      assert.deepEqual(client.goaways, [ANY_STREAM]);
      await client.answerPing();
      await client.until(() => client.goaways.length === 2);
      open();
      await client.closed;
      assert.equal(client.bodyOf(3), 'answer to /crossing');
      assert.deepEqual(client.goaways, [ANY_STREAM, 3]);
      assert.deepEqual(countsOf(await over()), [1, 0]);
    },
    { cannot: limits.streamAfterGoaway },
  );

  test(`serves both of two requests that come at once (${name}) (A43)`, async () => {
    const { server, stop, over } = await http2Drain(create(), (request, response) => {
      response.end(`answer to ${request.url}`);
    });
    const client = await idleClient(server, scheme);
    stop.abort();
    await refuses(server);
    client.socket.cork();
    client.request(3, '/3');
    client.request(5, '/5');
    client.socket.uncork();
    await client.closed;
    assert.deepEqual([client.bodyOf(3), client.bodyOf(5)], ['answer to /3', 'answer to /5']);
    assert.deepEqual(client.goaways, [ANY_STREAM, 5]);
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });

  test(
    `refuses what comes after the second, and does not handle it (${name}) (A43)`,
    async () => {
      const handled: string[] = [];
      const { opened, open } = gate();
      const { server, stop, over } = await http2Drain(create(), async (request, response) => {
        handled.push(request.url);
        await opened;
        response.end('late');
      });
      const client = new FrameClient(server, scheme);
      client.request(1, '/begun');
      await until(() => handled.length === 1);
      stop.abort();
      await client.answerPing();
      await client.until(() => client.goaways.length === 2);
      client.request(3, '/late');
      client.send({ type: frameTypes.ping, payload: Buffer.alloc(8) });
      // Who answers this has read the request.
      await client.frame(({ type, flags }) => type === frameTypes.ping && flags === 1);
      open();
      await client.closed;
      assert.equal(client.bodyOf(1), 'late');
      assert.deepEqual(handled, ['/begun']);
      const reset = client.frames.find(({ type }) => type === frameTypes.reset);
      if (reset)
        assert.deepEqual([reset.stream, reset.payload.readUInt32BE()], [3, REFUSED_STREAM]);
      assert.equal(client.bodyOf(3), '');
      assert.deepEqual(client.goaways, [ANY_STREAM, 1]);
      assert.deepEqual(countsOf(await over()), [1, 0]);
    },
    { cannot: limits.endAfterLateStream },
  );

  test(`waits a tenth of a second for a client that answers no PING (${name}) (A43)`, async () => {
    const { opened, open } = gate();
    let begun = 0;
    const { server, stop, over } = await http2Drain(create(), async (_, response) => {
      begun += 1;
      await opened;
      response.end('answer');
    });
    const client = new FrameClient(server, scheme);
    client.request(1, '/');
    await until(() => begun === 1);
    const told = performance.now();
    stop.abort();
    await client.until(() => client.goaways.length === 2);
    const waited = performance.now() - told;
    assert.ok(waited >= 99 && waited < 1000, String(waited));
    assert.deepEqual(client.goaways, [ANY_STREAM, 1]);
    open();
    await client.closed;
    assert.equal(client.bodyOf(1), 'answer');
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });

  test(`gives an idle session its time for one more request (${name}) (A35)`, async () => {
    const { server, stop, over } = await http2Drain(
      create(),
      (request, response) => void response.end(`answer to ${request.url}`),
      { idle: 300 },
    );
    const clients = [await idleClient(server, scheme), await idleClient(server, scheme)] as const;
    const begun = performance.now();
    stop.abort();
    await refuses(server);
    const [asks, silent] = clients;
    assert.deepEqual([asks.goaways, silent.goaways], [[], []]);
    asks.request(3, '/again');
    await asks.closed;
    assert.equal(asks.bodyOf(3), 'answer to /again');
    assert.deepEqual(asks.goaways, [ANY_STREAM, 3]);
    // Who reads the answer has read that it is the last one.
    const first = asks.frames.find(
      ({ type, stream }) => type === frameTypes.goaway || stream === 3,
    );
    assert.equal(first?.type, frameTypes.goaway);
    await silent.closed;
    assert.ok(performance.now() - begun >= 299);
    assert.deepEqual(silent.goaways, [1]);
    const { duration, ...report } = await over();
    assert.deepEqual(countsOf(report), [2, 0]);
    assert.ok(duration < 1000, String(duration));
  });

  test(`gives one that has asked nothing a moment for its first request (${name})`, async () => {
    const { server, stop, sessions, over } = await http2Drain(
      create(),
      (request, response) => {
        response.end(`answer to ${request.url}`);
      },
      { idle: 0 },
    );
    const clients = [new FrameClient(server, scheme), new FrameClient(server, scheme)] as const;
    await until(() => sessions.length === 2);
    const begun = performance.now();
    stop.abort();
    await refuses(server);
    const [asks, silent] = clients;
    assert.deepEqual([asks.goaways, silent.goaways], [[], []]);
    asks.request(1, '/early');
    await asks.closed;
    assert.equal(asks.bodyOf(1), 'answer to /early');
    assert.deepEqual(asks.goaways, [ANY_STREAM, 1]);
    await silent.closed;
    assert.ok(performance.now() - begun >= 99);
    assert.deepEqual(silent.goaways, [0]);
    assert.deepEqual(countsOf(await over()), [2, 0]);
  });

  test(`tells one of it when idle is over that is answered and still uploads (${name}) (A36)`, async () => {
    const { server, stop, over } = await http2Drain(
      create(),
      (request, response) => {
        request.resume();
        response.end('early');
      },
      { idle: 0 },
    );
    const client = new FrameClient(server, scheme);
    client.request(1, '/upload', { hasBody: true });
    await client.until(() => client.hasEnded(1));
    stop.abort();
    await client.until(() => client.goaways.length === 2);
    assert.deepEqual(client.goaways, [ANY_STREAM, 1]);
    client.send({ type: frameTypes.data, flags: 1, stream: 1, payload: Buffer.from('whole') });
    await client.closed;
    assert.equal(client.bodyOf(1), 'early');
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });
}

for (const [name, { scheme, create }] of Object.entries(http2Servers)) {
  if (scheme === 'http') continue;
  test(`tells those as well whose handshake ends later (${name}) (A43, A52)`, async () => {
    const { server, stop, sessions, over } = await http2Drain(
      create(),
      (request, response) => void response.end(`answer to ${request.url}`),
      { idle: 400 },
    );
    const accepts = once(server, 'connection').then(() => once(server, 'connection'));
    const sockets = [await connect(server), await connect(server)].map(({ socket }) => socket);
    await accepts;
    stop.abort();
    await refuses(server);
    const begun = performance.now();
    const [asks = assert.fail(), silent = assert.fail()] = sockets.map(
      (socket) => new FrameClient(server, scheme, { socket }),
    );
    assert.equal(sessions.length, 0);
    asks.request(1, '/late');
    await asks.closed;
    assert.equal(asks.bodyOf(1), 'answer to /late');
    assert.deepEqual(asks.goaways, [ANY_STREAM, 1]);
    await silent.closed;
    assert.ok(performance.now() - begun >= 400);
    assert.deepEqual(silent.goaways, [0]);
    assert.deepEqual(countsOf(await over()), [2, 0]);
  });
}

test.run();
