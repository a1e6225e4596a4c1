import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { serve, type ServeContext, type ServeReport, type Serving } from '../../../lib/index.ts';
import { get } from '../../support/http-messages.ts';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { assertReport, assertStats } from '../../support/report.ts';
import { connectionsOf, gate } from '../../support/scene.ts';
import { type Client, connect, listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { sleep, turns, until } from '../../support/turns.ts';
import { servers } from './conversations.ts';
import { allOf, answer, type Places, placesOf, surround } from './places.ts';

const test = suite('serve, stopped from inside of whatever code it calls,');

/** Milliseconds. */
const grace = 300;

const names = [
  'accept',
  'shed',
  'error',
  'drain',
  'end',
  'a listener before ours',
  'a listener behind ours',
  'a handler',
  'a handler that fails',
  'the then of what a handler returns',
  'a close of a connection',
  'onError',
  'an abort listener before ours',
  'an abort listener behind ours',
  'an abort listener of draining',
  'an abort listener of a task',
  'a listener for the close of the server',
] as const;
type Name = (typeof names)[number];

interface Ends {
  readonly server: Server;
  readonly serving: Serving;
  readonly stop: AbortController;
}

const acts: Record<string, (ends: Ends) => unknown> = {
  'an abort': ({ stop }) => stop.abort(),
  'a stop without grace': ({ serving }) => serving.stop({ grace: 0 }),
  "somebody's close": close,
  'all of them': ({ server, serving, stop }) => {
    void serving[Symbol.asyncDispose]();
    close({ server });
    stop.abort();
    void serving.stop({ grace: 0 });
  },
};

/** Where nothing is open any more, every further one has Node say 'close' again. */
function close({ server }: Pick<Ends, 'server'>): void {
  if (server.listening) server.close();
}

/** Holds the first, fails with the second, and lets the third outlast grace. */
function handlerOf({ at }: Places<Name>, held: Promise<void>) {
  let calls = 0;
  return (connection: unknown, { signal, draining }: ServeContext): PromiseLike<void> => {
    calls += 1;
    draining.addEventListener('abort', () => at('an abort listener of draining'));
    signal.addEventListener('abort', () => at('an abort listener of a task'));
    if (calls === 1) at('a handler');
    if (calls === 2) {
      at('a handler that fails');
      throw new Error('as you wish');
    }
    const over =
      calls === 1 ? Promise.race([held, once(draining, 'abort')]) : once(signal, 'abort');
    const ending = over.then(() => answer(connection));
    return {
      // oxlint-disable-next-line unicorn/no-thenable -- a promise of somebody else's
      get then() {
        at('the then of what a handler returns');
        return ending.then.bind(ending);
      },
    };
  };
}

/**
 * Four visits: the first is held, the second waits and fails, the third is shed, and the fourth is
 * there when all goes down; unless it has gone down before.
 */
async function visit(
  { server, serving, stop }: Ends,
  open: () => void,
  isOver: () => boolean,
): Promise<Client[]> {
  const clients: Client[] = [];
  const port = portOf(server);
  const come = async (holds: () => boolean): Promise<void> => {
    const client = await connect(port);
    clients.push(client);
    client.socket.write(get('/'));
    await until(() => holds() || isOver() || client.socket.closed);
  };
  await come(() => serving.stats.active === 1);
  await come(() => serving.stats.queued === 1);
  await come(() => serving.stats.shed === 1);
  open();
  await until(() => serving.stats.active + serving.stats.queued === 0 || isOver());
  await come(() => serving.stats.active === 1);
  stop.abort();
  return clients;
}

interface Outcome {
  readonly report: ServeReport;
  readonly errors: readonly unknown[];
}

async function run(server: Server, wanted: Name, act: (ends: Ends) => unknown): Promise<Outcome> {
  const before = listenersOn(server);
  const stop = new AbortController();
  const places = placesOf<Name>(server, wanted, () => act(ends));
  const { at, told, hasActed, leave } = places;
  const around = surround(server, stop, at);
  const errors: unknown[] = [];
  const onError = (error: unknown): void => {
    errors.push(error);
    at('onError');
  };
  const { opened, open } = gate();
  const options = { signal: stop.signal, concurrency: 1, maxQueued: 1, idle: 0, linger: 50, grace };
  const handler = handlerOf(places, opened) as never;
  const serving = serve(server, handler, { ...options, onError });
  const ends = { server, serving, stop };
  around.follow();
  const clients = await visit(ends, open, () => hasActed() || around.closes() > 0);
  const late = sleep(grace).then(() => sleep(250));
  const report = await Promise.race([serving.finished, late]);
  assert.ok(report, 'settles by its deadline');
  await Promise.all(clients.map(({ ending }) => ending));
  await until(() => around.closes() > 0);
  await turns(3);
  assert.ok(hasActed(), 'it has never come to that place');
  assertStats(serving.stats);
  assert.deepEqual([told('drain'), told('end'), around.closes()], [1, 1, 1]);
  assert.deepEqual([told('accept'), told('error')], [report.accepted, errors.length]);
  around.leave();
  assert.equal(await connectionsOf(server), 0);
  assert.deepEqual(listenersOn(server), before);
  assert.equal(abortListeners(stop.signal), 0);
  leave();
  return { report, errors };
}

for (const [kind, create] of Object.entries({ net: servers.net, http: servers.http })) {
  for (const [what, act] of Object.entries(acts)) {
    test(`${what} is over once, with every connection counted (${kind})`, async () => {
      const runs = names.map(async (name) => {
        const { report, errors } = await run(await listening(create()), name, act);
        assertReport(report);
        const { accepted, failed, forced } = report;
        // Of an HTTP server, a connection is a request.
        const least = kind === 'http' && name.startsWith('a listener') ? 0 : 1;
        assert.ok(accepted >= least && accepted <= 4, JSON.stringify(report));
        assert.ok(errors.length <= failed + forced, JSON.stringify(report));
      });
      await allOf(names, runs);
    });
  }
}

test.run();
