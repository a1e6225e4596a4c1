import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { acceptLoop, drain, listen, type ListenTarget, serve } from '../../../lib/index.ts';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { assertReport } from '../../support/report.ts';
import { runtime } from '../../support/runtime.ts';
import { listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { turns } from '../../support/turns.ts';
import { type Kind, kinds, servers } from './conversations.ts';

const test = suite('a bind that fails');

const host = '127.0.0.1';
const thisFile = fileURLToPath(import.meta.url);
let taken: Server;
let descriptor = -1;

test.before(async () => {
  taken = await listening(createServer());
  descriptor = openSync(thisFile, 'r');
});
test.after(() => {
  taken.close();
  closeSync(descriptor);
});

interface Failure {
  readonly where: () => ListenTarget;
  /** Runtimes do not agree on all of them. */
  readonly codes: readonly string[];
}

const failures: Record<string, Failure> = {
  'a port that is taken': {
    where: () => ({ port: portOf(taken), host }),
    codes: ['EADDRINUSE'],
  },
  'an address that is not ours': {
    // One of those that are kept for documents.
    where: () => ({ port: 0, host: '203.0.113.1' }),
    codes: ['EADDRNOTAVAIL', 'EINVAL'],
  },
  'a name that nobody has': {
    // Too long a label: nobody on the network is asked.
    where: () => ({ port: 0, host: `${'x'.repeat(64)}.invalid` }),
    codes: ['ENOTFOUND'],
  },
  'a path without a folder': {
    where: () => ({ path: `${thisFile}.missing/socket` }),
    codes: ['EACCES', 'ENOENT'],
  },
  'a path below a file': { where: () => ({ path: `${thisFile}/socket` }), codes: ['ENOTDIR'] },
  'the path of a file': { where: () => ({ path: thisFile }), codes: ['EADDRINUSE'] },
  'a descriptor of a file': { where: () => ({ fd: descriptor }), codes: ['EINVAL'] },
  'a descriptor of nothing': { where: () => ({ fd: 12_345 }), codes: ['EINVAL'] },
};

type Handler = (connection: unknown) => unknown;

interface Attempt {
  readonly server: Server;
  readonly echo: Handler;
  readonly where: ListenTarget;
  /** Asserts that this is the error of the bind. */
  readonly isIt: (error: unknown) => boolean;
}

/** Each binds in vain, asserts what comes of it, and is over. */
const ways: Record<string, (attempt: Attempt) => Promise<void>> = {
  async acceptLoop({ server, where, isIt }) {
    const loop = acceptLoop(server);
    const consumers = [loop.next(), loop.next()] as const;
    server.listen(where);
    await assert.rejects(consumers[0], isIt);
    assert.deepEqual(await consumers[1], { done: true, value: undefined });
    assert.deepEqual(await loop.next(), { done: true, value: undefined });
  },
  async 'acceptLoop that is left at once'({ server, where }) {
    const loop = acceptLoop(server);
    server.listen(where);
    await loop.return();
    assert.deepEqual(await loop.next(), { done: true, value: undefined });
  },
  async serve({ server, echo, where, isIt }) {
    const { signal } = new AbortController();
    const serving = serve(server, echo, { signal });
    server.listen(where);
    await assert.rejects(serving.finished, isIt);
    await assert.rejects(serving.stop({ grace: 0 }), isIt);
    await serving[Symbol.asyncDispose]();
    assert.equal(serving.stats.accepted, 0);
    assert.equal(abortListeners(signal), 0);
  },
  async 'serve that is stopped at once'({ server, echo, where, isIt }) {
    const serving = serve(server, echo);
    server.listen(where);
    // Whichever comes first.
    await serving.stop().then(assertReport, (error: unknown) => assert.ok(isIt(error)));
  },
  async listen({ server, where, isIt }) {
    const { signal } = new AbortController();
    await assert.rejects(listen(server, where, { signal }), isIt);
    assert.equal(abortListeners(signal), 0);
  },
};

function isOneOf(codes: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(codes.includes(String((error as NodeJS.ErrnoException).code)), String(error));
    return true;
  };
}

/** Binds a server that has failed to, and has one client served. */
async function assertUsable(server: Server, { echo, converse }: Kind): Promise<void> {
  await listen(server, { port: 0, host });
  const serving = serve(server, echo as Handler, { idle: 0 });
  const conversation = await converse(portOf(server));
  await conversation.say('hello');
  await conversation.hangUp();
  assert.equal((await serving.stop()).completed, 1);
}

for (const [name, create] of Object.entries(servers)) {
  const kind: Kind = kinds[name as keyof typeof servers];
  // Bun's http.Server listens all the same.
  const ignoresDescriptors = runtime.name === 'bun' && /^https?$/.test(name);

  for (const [what, { codes, where }] of Object.entries(failures)) {
    if (ignoresDescriptors && what.startsWith('a descriptor')) continue;
    test(`at ${what} is told once, leaves nothing, and may be tried again (${name})`, async () => {
      for (const [way, attempt] of Object.entries(ways)) {
        const server = create();
        const before = listenersOn(server);
        const isIt = isOneOf(codes);
        await attempt({ server, echo: kind.echo as Handler, where: where(), isIt });
        await turns(3);
        assert.deepEqual(listenersOn(server), before, way);
        assert.equal(server.listening, false);
        // It listens all the same: once for each of its kind, with a client.
        if (what === 'a port that is taken') await assertUsable(server, kind);
        else (await listen(server, { port: 0, host })).close();
      }
    });
  }

  test(`begins no drain, and ends none (${name})`, async () => {
    const server = create();
    const stop = new AbortController();
    const drained = drain(server, { signal: stop.signal, idle: 50 });
    for (const { where } of Object.values(failures).slice(0, 3)) {
      const failed = once(server, 'error');
      server.listen(where());
      await failed;
    }
    server.on('request', (request, response) => void kind.echo([request, response] as never));
    if (!('headersTimeout' in server || 'updateSettings' in server)) {
      server.on(
        name === 'tls' ? 'secureConnection' : 'connection',
        (socket) => void kind.echo(socket as never),
      );
    }
    await listen(server, { port: 0, host });
    const conversation = await kind.converse(portOf(server));
    await conversation.say('hello');
    stop.abort();
    await conversation.say('to the end');
    await conversation.hangUp();
    const { finished, forced } = await drained;
    assert.deepEqual([finished, forced], [1, 0]);
    assert.equal(abortListeners(stop.signal), 0);
  });
}

test.run();
