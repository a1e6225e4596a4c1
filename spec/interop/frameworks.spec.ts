import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import { drain } from 'accept-loop';
import { fastify } from 'fastify';
import { WebSocket, WebSocketServer } from 'ws';
import { drainLater } from '../support/frameworks-drain.ts';
import { type Load, startLoad } from '../support/frameworks-load.ts';
import { type Framework, frameworks } from '../support/frameworks-servers.ts';
import { limits } from '../support/limits.ts';
import { listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('the frameworks', { timeout: 30_000 });

/** On each of two pools. */
const CLIENTS = 20;

const cannot = [limits.idleAfterClose, limits.requestAfterClose];

let load: Load | undefined;
test.before(() => {
  load = startLoad();
});
test.after(() => load?.stop());

async function drainBusy({ server, close }: Framework): Promise<void> {
  const clients = load ?? assert.fail('no clients');
  const { stop, over } = drainLater(server);
  await clients.begin(portOf(server), CLIENTS);
  await stop();
  const { agent, undici } = await clients.over();
  assert.deepEqual(agent.failures, []);
  assert.deepEqual(undici.failures, []);
  assert.ok(agent.answered + undici.answered > 4 * CLIENTS);
  // The last answer of each connection says so.
  assert.deepEqual([agent.closed, agent.refused], [CLIENTS, 0]);
  // The pool of undici opens a new connection while others are free.
  assert.equal(undici.closed + undici.refused, CLIENTS);
  await over();
  await close();
}

for (const [name, start] of Object.entries(frameworks)) {
  test(
    `lose no request of clients that keep their connection: ${name}`,
    async () => {
      await drainBusy(await start());
    },
    { cannot },
  );
}

/** Asks on a connection that is kept; tells what the answer says of it. */
async function connectionOf(host: string, port: number, agent: Agent): Promise<unknown> {
  const [answer] = (await once(get({ host, port, agent }), 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.headers.connection;
}

type LookedUp = (error: null, found: dns.LookupAddress[]) => void;

const keepAlive = { keepAlive: true };

test(
  'of Fastify run their hooks after the drain',
  async () => {
    const app = fastify();
    const events: string[] = [];
    for (const hook of ['preClose', 'onClose'] as const) {
      app.addHook(hook, async () => void events.push(hook));
    }
    app.get('/', async () => {
      events.push('answered');
      return 'hello';
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const agent = new Agent(keepAlive);
    const port = portOf(app.server);
    assert.equal(await connectionOf('127.0.0.1', port, agent), 'keep-alive');
    const drained = drain(app.server);
    await until(() => !app.server.listening);
    assert.equal(await connectionOf('127.0.0.1', port, agent), 'close');
    await drained;
    await app.close();
    assert.deepEqual(events, ['answered', 'answered', 'preClose', 'onClose']);
  },
  { cannot },
);

test(
  'of Fastify have a second server for a name with two addresses, which is not drained',
  async () => {
    const { lookup } = dns;
    const addresses = ['127.0.0.1', '127.0.0.2'];
    const found = addresses.map((address) => ({ address, family: 4 }));
    // As `localhost` has where there is IPv6. Node itself may ask for one of them.
    dns.lookup = ((name: string, options: dns.LookupOptions, callback: LookedUp) => {
      if (name === 'localhost' && options.all) callback(null, found);
      else Reflect.apply(lookup, dns, [name, options, callback]);
    }) as never;
    const app = fastify();
    app.get('/', async () => 'hello');
    try {
      await app.listen({ port: 0, host: 'localhost' });
    } finally {
      dns.lookup = lookup;
    }
    const agents = addresses.map(() => new Agent(keepAlive));
    const port = portOf(app.server);
    const ask = (): Promise<unknown[]> =>
      Promise.all(agents.map((agent, at) => connectionOf(addresses[at] ?? '', port, agent)));
    assert.deepEqual(await ask(), ['keep-alive', 'keep-alive']);
    const drained = drain(app.server);
    await until(() => !app.server.listening);
    assert.deepEqual(await ask(), ['close', 'keep-alive']);
    await drained;
    for (const agent of agents) agent.destroy();
    await app.close();
  },
  { cannot },
);

test('of a WebSocket server that is not attached are drained by two calls', async () => {
  const server = await listening(createServer());
  const webSocketServer = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    webSocketServer.handleUpgrade(request, socket, head, (webSocket) => {
      webSocketServer.emit('connection', webSocket, request);
    });
  });
  const stop = new AbortController();
  const both = [drain(webSocketServer, stop.signal), drain(server, stop.signal)];
  const webSocket = new WebSocket(`ws://127.0.0.1:${portOf(server)}`);
  const closed = once(webSocket, 'close');
  await once(webSocket, 'open');
  stop.abort();
  assert.equal((await closed)[0], 1001);
  const reports = await Promise.all(both);
  assert.deepEqual(
    reports.map(({ forced }) => forced),
    [0, 0],
  );
});

test.run();
