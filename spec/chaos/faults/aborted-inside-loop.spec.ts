import assert from 'node:assert/strict';
import type { Server } from 'node:net';
import { acceptLoop, type AcceptLoop } from '../../../lib/index.ts';
import { assertConserved } from '../../support/conservation.ts';
import { get } from '../../support/http-messages.ts';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { connectionsOf, gate } from '../../support/scene.ts';
import { type Client, connect, listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { sleep, turns, until } from '../../support/turns.ts';
import { servers } from './conversations.ts';
import { allOf, answer, placesOf, surround } from './places.ts';

const test = suite('acceptLoop, ended from inside of whatever code it calls,');

/** The last call and what is under way have half a second, and closes of others are noticed. */
const bound = 1000;

const names = [
  'accept',
  'shed',
  'error',
  'drain',
  'end',
  'a listener before ours',
  'a listener behind ours',
  'the body',
  'a close of a connection',
  'an abort listener before ours',
  'an abort listener behind ours',
  'a listener for the close of the server',
] as const;
type Name = (typeof names)[number];

interface Ends {
  readonly server: Server;
  readonly loop: AcceptLoop<unknown>;
  readonly stop: AbortController;
}

const acts: Record<string, (ends: Ends) => unknown> = {
  'an abort': ({ stop }) => stop.abort(),
  'a return()': ({ loop }) => loop.return(),
  "somebody's close": close,
  'all of them': ({ server, loop, stop }) => {
    void loop[Symbol.asyncDispose]();
    close({ server });
    stop.abort();
    void loop.return();
  },
};

/** Where nothing is open any more, every further one has Node say 'close' again. */
function close({ server }: Pick<Ends, 'server'>): void {
  if (server.listening) server.close();
}

/** Takes what comes, and holds the first, so that others wait. */
async function consume(loop: AcceptLoop<unknown>, at: (place: Name) => void, held: Promise<void>) {
  for await (const connection of loop) {
    at('the body');
    await held;
    answer(connection);
  }
}

/** Three come: one is held, one waits, one is shed; then accept(2) fails, and all is over. */
async function visit({ server, loop, stop }: Ends, open: () => void, isOver: () => boolean) {
  const clients: Client[] = [];
  const port = portOf(server);
  for (const outcome of ['yielded', 'queued', 'shed'] as const) {
    const client = await connect(port);
    clients.push(client);
    client.socket.write(get('/'));
    await until(() => loop.stats[outcome] === 1 || isOver() || client.socket.closed);
  }
  const error = Object.assign(new Error('accept EMFILE'), { syscall: 'accept' });
  if (!isOver()) server.emit('error', error);
  open();
  await until(() => loop.stats.queued === 0 || isOver());
  stop.abort();
  return clients;
}

async function run(server: Server, wanted: Name, act: (ends: Ends) => unknown): Promise<void> {
  const before = listenersOn(server);
  const stop = new AbortController();
  const { at, told, hasActed, leave } = placesOf<Name>(server, wanted, () => act(ends));
  const around = surround(server, stop, at);
  const loop: AcceptLoop<unknown> = acceptLoop(server, { signal: stop.signal, maxQueued: 1 });
  const ends = { server, loop, stop };
  around.follow();
  const { opened, open } = gate();
  const consumed = consume(loop, at, opened).then(() => true);
  const clients = await visit(ends, open, () => hasActed() || around.closes() > 0);
  assert.ok(await Promise.race([consumed, sleep(bound)]), 'ends within its bounds');
  await Promise.all(clients.map(({ ending }) => ending));
  await until(() => around.closes() > 0);
  await turns(3);
  assert.ok(hasActed(), 'it has never come to that place');
  assertConserved(loop.stats);
  assert.deepEqual([told('end'), around.closes()], [1, 1]);
  assert.ok(told('drain') <= 1);
  assert.equal(told('shed'), loop.stats.shed);
  around.leave();
  assert.equal(await connectionsOf(server), 0);
  assert.deepEqual(listenersOn(server), before);
  assert.equal(abortListeners(stop.signal), 0);
  leave();
}

for (const [kind, create] of Object.entries({ net: servers.net, http: servers.http })) {
  for (const [what, act] of Object.entries(acts)) {
    // To leave a loop is no shutdown that would be announced, and so on: those are not come to.
    const reached = names.filter((name) => name !== 'drain' || what !== 'a return()');
    test(`${what} is over once, and every connection is in one place (${kind})`, async () => {
      const runs = reached.map(async (name) => run(await listening(create()), name, act));
      await allOf(reached, runs);
    });
  }
}

test.run();
