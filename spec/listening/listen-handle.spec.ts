import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { acceptLoop } from '../../lib/accept-loop.ts';
import type { ListenHandle } from '../../lib/listening/where.ts';
import { listen } from '../../lib/listen.ts';
import { limits } from '../support/limits.ts';
import { abortListeners, listenersOn } from '../support/listeners.ts';
import { killPrograms, watch } from '../support/programs.ts';
import { connect, listening, portOf, readToEnd, refused } from '../support/sockets.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { turns } from '../support/turns.ts';

const test = suite('a listener that is open already', { timeout: 20_000 });
const able = { cannot: limits.openListeners };
test.after.each(killPrograms);

/** Of a server's handle, Node has no public word. */
function handleOf(server: Server): ListenHandle {
  return Reflect.get(server, '_handle') as ListenHandle;
}

async function closed(server: Server): Promise<void> {
  const ended = once(server, 'close');
  server.close();
  await ended;
}

for (const [kind, what, sentBy] of [
  ['net', 'a net.Server', (server: Server) => server],
  ['http', 'a net.Server', (server: Server) => server],
  ['net', 'a handle', handleOf],
] as const) {
  test(
    `is served by a ${kind} server of the process that it was sent to as ${what}`,
    async () => {
      const server = await listening(createServer());
      const port = portOf(server);
      const stdio = ['pipe' as const, 'pipe' as const, 'pipe' as const, 'ipc' as const];
      const { child, end, ending } = watch(
        spawnScript('spec/fixtures/sent-listener.ts', { args: [kind], stdio }),
      );
      assert.deepEqual(await once(child, 'message'), ['ready', undefined]);
      const heard = once(child, 'message');
      child.send('take it', sentBy(server) as Server);
      assert.deepEqual(await heard, ['listening', undefined]);
      // Not waited for: it would wait for the child's word that its copy is closed.
      server.close();
      const { socket, ending: answer } = await connect(port);
      if (kind === 'http') socket.write('GET / HTTP/1.0\r\n\r\n');
      assert.match((await answer).text, /served$/);
      end();
      assert.deepEqual(await ending, { code: 0, signal: null, stdout: '', stderr: '' });
    },
    able,
  );
}

for (const [what, of] of [
  ['a server', (server: Server): ListenHandle => server],
  ['a handle', handleOf],
  ['an option', (server: Server) => ({ handle: handleOf(server) })],
] as const) {
  test(
    `is taken over by another server, as ${what}, and nothing is left on either`,
    async () => {
      for (const create of [() => createServer(), () => createHttp()]) {
        const first = await listening(createServer());
        const server = create();
        const before = [listenersOn(first), listenersOn(server)];
        const stop = new AbortController();
        assert.equal(await listen(server, of(first), stop), server);
        assert.deepEqual([listenersOn(first), listenersOn(server)], before);
        assert.equal(abortListeners(stop.signal), 0);
        assert.equal(portOf(server), portOf(first));
        first.on('connection', () => assert.fail('a connection of the first one'));
        server.once('connection', (socket: Socket) => socket.end('served'));
        assert.equal((await readToEnd(server)).text, 'served');
        await closed(server);
      }
    },
    able,
  );
}

test(
  'is served by a loop that was there before',
  async () => {
    const first = await listening(createServer());
    const server = createServer();
    const loop = acceptLoop(server);
    await listen(server, first);
    const { ending } = await connect(server);
    const { value } = await loop.next();
    value?.end('served');
    assert.equal((await ending).text, 'served');
    await loop.return();
  },
  able,
);

test(
  'is closed with the server when the signal aborts at once',
  async () => {
    const first = await listening(createServer());
    const port = portOf(first);
    const server = createServer();
    const stop = new AbortController();
    const call = listen(server, first, stop);
    stop.abort('stopped');
    await assert.rejects(call, (error) => error === 'stopped');
    await turns(3);
    assert.equal(server.listening, false);
    assert.equal(await refused(port), 'ECONNREFUSED');
  },
  able,
);

test('is not touched with a signal that has aborted already', async () => {
  const first = await listening(createServer((socket) => socket.end('served')));
  const stopped = AbortSignal.abort('stopped');
  await assert.rejects(listen(createServer(), first, stopped), (error) => error === 'stopped');
  assert.equal((await readToEnd(first)).text, 'served');
  await closed(first);
});

test('is refused when it is a server that does not listen, and nothing is touched', async () => {
  const server = createServer();
  const before = listenersOn(server);
  for (const where of [createServer(), createHttp(), server]) {
    await assert.rejects(listen(server, where), {
      name: 'TypeError',
      message: /^Cannot listen: "where" must be a server that listens, received .*Server/,
    });
  }
  assert.deepEqual(listenersOn(server), before);
});

test(
  'is refused by the server that it is of',
  async () => {
    const server = await listening(createServer());
    await assert.rejects(listen(server, server), { code: 'ERR_SERVER_ALREADY_LISTEN' });
    assert.equal(server.listening, true);
    await closed(server);
  },
  able,
);

test.run();
