import assert from 'node:assert/strict';
import type { Server, Socket } from 'node:net';
import { drain, type DrainReport } from '../../../lib/index.ts';
import { get } from '../../support/http-messages.ts';
import { inTime } from '../../support/in-time.ts';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { connectionsOf } from '../../support/scene.ts';
import { type Client, connect, listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { turns, until } from '../../support/turns.ts';
import { servers } from './conversations.ts';
import { allOf, answer, placesOf, surround } from './places.ts';

const test = suite('drain, begun or hardened from inside of whatever code it calls,');

/** Milliseconds. */
const grace = 300;

const names = [
  'drain',
  'end',
  'a listener before ours',
  'a listener behind ours',
  'a handler',
  'the finish of an answer',
  'a close of a connection',
  'an abort listener before ours',
  'an abort listener behind ours',
  'a listener for the close of the server',
] as const;
type Name = (typeof names)[number];

interface Ends {
  readonly server: Server;
  readonly stop: AbortController;
}

const acts: Record<string, (ends: Ends) => unknown> = {
  'an abort': ({ stop }) => stop.abort(),
  'a drain without grace': ({ server }) => drain(server, { grace: 0 }),
  "somebody's close": close,
  'all of them': ({ server, stop }) => {
    stop.abort();
    close({ server });
    void drain(server, { grace: 0 });
  },
};

/** Where nothing is open any more, every further one has Node say 'close' again. */
function close({ server }: Pick<Ends, 'server'>): void {
  if (server.listening) server.close();
}

type At = (place: Name) => void;

/** Its owner's listener: it answers the first, and never another. */
function own(server: Server, event: string, at: At): () => void {
  let calls = 0;
  const handle = (first: Socket, response?: Socket): void => {
    calls += 1;
    at('a handler');
    if (calls > 1) return;
    (response ?? first).once('finish', () => at('the finish of an answer'));
    answer(response ? [first, response] : first);
  };
  server.on(event, handle);
  return () => void server.off(event, handle);
}

/** Two clients: the first is answered and leaves; the second is there when all goes down. */
async function visit(port: number, isOver: () => boolean): Promise<Client[]> {
  const first = await connect(port);
  first.socket.write(get('/'));
  await until(() => first.socket.closed || isOver());
  const second = await connect(port);
  second.socket.write(get('/'));
  return [first, second];
}

async function run(
  server: Server,
  event: string,
  wanted: Name,
  act: (ends: Ends) => unknown,
): Promise<DrainReport> {
  const stop = new AbortController();
  const ends = { server, stop };
  const before = listenersOn(server);
  const { at, told, hasActed, leave } = placesOf<Name>(server, wanted, () => act(ends));
  const around = surround(server, stop, at);
  const disown = own(server, event, at);
  const drained = drain(server, { signal: stop.signal, grace, idle: 20 });
  around.follow();
  const clients = await visit(portOf(server), () => hasActed() || around.closes() > 0);
  stop.abort();
  const report = await inTime(grace, drained);
  await Promise.all(clients.map(({ ending }) => ending));
  await until(() => around.closes() > 0 && told('drain') === told('end'));
  await turns(3);
  assert.ok(hasActed(), 'it has never come to that place');
  assert.deepEqual([told('end'), around.closes()], [1, 1]);
  around.leave();
  disown();
  assert.equal(await connectionsOf(server), 0);
  assert.deepEqual(listenersOn(server), before);
  assert.equal(abortListeners(stop.signal), 0);
  leave();
  return report;
}

const owners = [
  ['net', servers.net, 'connection'],
  ['http', servers.http, 'request'],
] as const;

for (const [kind, create, event] of owners) {
  for (const [what, act] of Object.entries(acts)) {
    test(`${what} is over once, by its deadline (${kind})`, async () => {
      // One that is over is drained anew: drained-again.spec.ts.
      const reached = names.filter((place) => place !== 'end' || !/drain|all/.test(what));
      const runs = reached.map(async (name) => {
        const { finished, forced, stragglers } = await run(
          await listening(create()),
          event,
          name,
          act,
        );
        assert.equal(forced, stragglers.length);
        assert.ok(finished + forced <= 2, JSON.stringify({ finished, forced }));
      });
      await allOf(reached, runs);
    });
  }
}

test.run();
