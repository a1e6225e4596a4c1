import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { finished } from 'node:stream/promises';
import { serve, type ServeContext, type ServeOptions, type Serving } from 'accept-loop';
import { certificate } from '../support/certificate.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { gate } from '../support/scene.ts';
import { serveScene } from '../support/serve-scene.ts';
import { type Client, connect, connectTls, echo, listening, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { atUnixSocket } from '../support/tls-unix-socket.ts';
import { sleep, stall, turns, until, untilAborted } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('a silent connection');

const create = (): Server => createServer({ allowHalfOpen: true });

/** Says something, and waits until as much has come back. */
async function say({ socket }: Client, text: string): Promise<void> {
  const due = socket.bytesRead + text.length;
  if (!socket.readableEnded) socket.write(text);
  await until(() => socket.bytesRead >= due || socket.readableEnded);
}

type Handler = (socket: Socket, context: ServeContext) => unknown;

interface Scene {
  readonly server: Server;
  readonly serving: Serving;
  readonly errors: readonly unknown[];
  readonly stop: AbortController;
  readonly over: Awaited<ReturnType<typeof serveScene<Server>>>['over'];
  /** Stops the server, and waits until a client has been ended that fell silent after the others. */
  readonly outlast: () => Promise<void>;
}

/** @param handler - Of the first clients; those of `outlast` have an echo. */
async function scene(handler: Handler, options: ServeOptions<Socket> = {}): Promise<Scene> {
  let isOutlasting = false;
  const { over, ...rest } = await serveScene(
    create(),
    (socket, context) => (isOutlasting ? echo(socket) : handler(socket, context)),
    { quiet: 20, ...options },
  );
  const outlast = async (): Promise<void> => {
    isOutlasting = true;
    const last = await connect(rest.server);
    rest.stop.abort();
    await refuses(rest.server);
    // Three times as long as any of the others may be silent.
    for (let word = 0; word < 6; word += 1) {
      await sleep(10);
      await say(last, 'word');
    }
    assert.equal((await last.ending).by, 'end');
  };
  return { ...rest, over, outlast };
}

/**
 * A client is not ended while others are, and gets its answer when the handler goes on.
 *
 * @param words - What the client says, and all that it gets.
 */
async function assertLeftAlone(
  { server, outlast, over }: Scene,
  told: { open: () => void },
  [said, text]: readonly [string, string],
): Promise<void> {
  const client = await connect(server);
  client.socket.write(said);
  await outlast();
  assert.equal(client.socket.readableEnded, false);
  told.open();
  assert.deepEqual(await client.ending, { text, by: 'end' });
  await over();
}

for (const [kind, make, meet] of [
  ['TCP', create, connect],
  ['TLS', () => createTls({ ...certificate, allowHalfOpen: true }), connectTls],
] as const) {
  test(`of ${kind} is ended when it was silent for \`quiet\` ms in the shutdown`, async () => {
    const { server, stop, serving, over } = await serveScene<Server>(make(), echo, {
      quiet: 20,
    });
    const client = await meet(server);
    await say(client, 'hello');
    await sleep(50);
    assert.equal(client.socket.readableEnded, false);
    stop.abort();
    assert.deepEqual(await client.ending, { text: 'hello', by: 'end' });
    const report = await serving.finished;
    assertCounts(report, { accepted: 1, completed: 1 });
    assert.deepEqual(report.stragglers, []);
    await over();
  });
}

test('of a Unix socket is ended, too', () =>
  atUnixSocket(async (path) => {
    const server = await listening(create(), path);
    const serving = serve(server, echo, { quiet: 20 });
    const client = await connect(path);
    await say(client, 'hello');
    const report = await serving.stop();
    assert.deepEqual(await client.ending, { text: 'hello', by: 'end' });
    assertCounts(report, { accepted: 1, completed: 1 });
  }));

test('is ended, too, if its client has never said anything, after 100 ms at the least', async () => {
  const { server, stop, over } = await scene(echo);
  const { ending } = await connect(server);
  await until(() => server.listening);
  await turns(5);
  const begun = performance.now();
  stop.abort();
  assert.deepEqual(await ending, { text: '', by: 'end' });
  assert.ok(performance.now() - begun >= 99);
  assertCounts(await over(), { accepted: 1, completed: 1 });
});

test('is not ended before the listener is closed', async () => {
  const { server, stop, over } = await scene(echo, { quiet: 0 });
  const client = await connect(server);
  await say(client, 'hello');
  let wasListening: boolean | undefined;
  client.socket.once('end', () => (wasListening = server.listening));
  stop.abort();
  // The last call waits for a pause between those who come.
  for (let more = 0; more < 20; more += 1) {
    if (server.listening) await connect(server);
    await sleep(4);
  }
  await client.ending;
  assert.equal(wasListening, false);
  await over();
});

test('is not ended as long as each word comes within `quiet`, from either side', async () => {
  const { server, stop, over } = await scene(
    async (socket, { draining }) => {
      void echo(socket);
      await untilAborted(draining);
      for (let word = 0; word < 25; word += 1) {
        await sleep(20);
        socket.write('push');
      }
      await finished(socket);
    },
    { quiet: 300 },
  );
  const client = await connect(server);
  await say(client, 'hello');
  stop.abort();
  const { text } = await client.ending;
  assert.equal(text, `hello${'push'.repeat(25)}`);
  assertCounts(await over(), { accepted: 1, completed: 1 });
});

/** Answers what comes when it is told to, in a callback. */
function answerLate(told: Promise<unknown>): Handler {
  return (socket) => {
    socket.on('data', (chunk) => {
      if (String(chunk) === 'fast') socket.write('fast');
      else void told.then(() => socket.write('slow'));
    });
  };
}

test('is not ended while its client waits for an answer, however long', async () => {
  const told = gate();
  const { server, over, outlast } = await scene(answerLate(told.opened));
  const client = await connect(server);
  await say(client, 'fast');
  client.socket.write('slow');
  await outlast();
  assert.equal(client.socket.readableEnded, false);
  told.open();
  assert.deepEqual(await client.ending, { text: 'fastslow', by: 'end' });
  assertCounts(await over(), { accepted: 2, completed: 2 });
});

test('is not ended while a `for await` works on what has come, though it has answered a part', async () => {
  const told = gate();
  const { server, over, outlast } = await scene(async (socket) => {
    for await (const chunk of socket) {
      for (const word of String(chunk).split(' ')) {
        if (word === 'slow') await told.opened;
        socket.write(word);
      }
    }
  });
  const client = await connect(server);
  client.socket.write('fast slow');
  await until(() => client.socket.bytesRead === 4);
  await outlast();
  assert.equal(client.socket.readableEnded, false);
  told.open();
  assert.deepEqual(await client.ending, { text: 'fastslow', by: 'end' });
  await over();
});

test('is not ended while its client waits for an answer to what had come before something was written', async () => {
  const told = gate();
  const it = await scene(async (socket) => {
    await once(socket, 'readable');
    socket.write('wait');
    socket.read();
    await told.opened;
    socket.write('slow');
    await finished(socket);
  });
  await assertLeftAlone(it, told, ['slow', 'waitslow']);
});

test('is not ended while its reader has put back what it is to answer', async () => {
  const told = gate();
  const it = await scene(async (socket) => {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.pause().write(chunk.subarray(0, 4));
    socket.removeAllListeners('data').unshift(chunk.subarray(4));
    socket.on('readable', () => {});
    await told.opened;
    socket.write(socket.read() as Buffer);
    await finished(socket);
  });
  await assertLeftAlone(it, told, ['fastslow', 'fastslow']);
});

test('is not ended while `isBusy` says so', async () => {
  let isBusy = true;
  const asked = new Set<Socket>();
  const { server, over, outlast } = await scene(
    (socket) => {
      socket.on('data', (chunk) => socket.write(chunk));
    },
    {
      isBusy: (socket) => {
        if (asked.size === 0 || asked.has(socket)) asked.add(socket);
        return isBusy && asked.has(socket);
      },
    },
  );
  const client = await connect(server);
  await say(client, 'hello');
  await outlast();
  assert.equal(client.socket.readableEnded, false);
  isBusy = false;
  assert.deepEqual(await client.ending, { text: 'hello', by: 'end' });
  assertCounts(await over(), { accepted: 2, completed: 2 });
});

for (const [title, hold, release] of [
  ['nobody reads what has come', () => {}, (socket: Socket) => socket.resume()],
  [
    'its reader has paused it',
    (socket: Socket) => socket.pause(),
    (socket: Socket) => socket.resume(),
  ],
  [
    'its writer has corked it',
    (socket: Socket) => socket.resume().cork(),
    (socket: Socket) => socket.uncork(),
  ],
] as const) {
  test(`is not ended while ${title}`, async () => {
    let served: Socket | undefined;
    const { server, over, outlast } = await scene((socket) => {
      socket.write('hello');
      hold((served = socket));
    });
    const client = await connect(server);
    await until(() => client.socket.bytesRead === 5);
    if (title.startsWith('nobody')) client.socket.write('hello');
    await outlast();
    assert.equal(client.socket.readableEnded, false);
    assert.ok(served);
    release(served);
    await turns(5);
    served.write('!');
    assert.deepEqual(await client.ending, { text: 'hello!', by: 'end' });
    assertCounts(await over(), { accepted: 2, completed: 2 });
  });
}

test('is not ended while its client has still to read what was written', async () => {
  const size = 32 * 2 ** 20;
  const { server, over, outlast } = await scene(
    (socket) => {
      socket.write(Buffer.alloc(size));
      socket.resume();
    },
    { linger: 20 },
  );
  const client = await connect(server);
  client.socket.pause();
  await outlast();
  client.socket.resume();
  const { text, by } = await client.ending;
  assert.deepEqual([text.length, by], [size, 'end']);
  await over();
});

test('is not ended while a client that has ended its side waits for the rest', async () => {
  const told = gate();
  const { server, over, outlast } = await scene(async (socket) => {
    for await (const chunk of socket) socket.write(chunk);
    await told.opened;
    socket.end('rest');
  });
  const { socket, ending } = await connect(server, { allowHalfOpen: true });
  socket.end('hello');
  await until(() => socket.bytesRead === 5);
  await outlast();
  assert.equal(socket.readableEnded, false);
  told.open();
  assert.deepEqual(await ending, { text: 'hellorest', by: 'end' });
  assertCounts(await over(), { accepted: 2, completed: 2 });
});

test('is not ended when its next word has arrived, and the process was busy', async () => {
  const { server, stop, over } = await scene(echo, { quiet: 400 });
  const client = await connect(server);
  await say(client, 'hello');
  stop.abort();
  await refuses(server);
  // From there the event loop goes on with timers, and not with input.
  await turns(1);
  client.socket.write('again');
  stall(600);
  assert.deepEqual(await client.ending, { text: 'helloagain', by: 'end' });
  assertCounts(await over(), { accepted: 1, completed: 1 });
});

test('takes no command any more that crosses its end', async () => {
  const commands: string[] = [];
  const { server, stop, over } = await scene((socket) => {
    socket.on('data', (chunk) => {
      commands.push(String(chunk));
      socket.write(chunk);
    });
  });
  const { socket, ending } = await connect(server, { allowHalfOpen: true });
  await say({ socket, ending }, 'first');
  stop.abort();
  await once(socket, 'end');
  socket.end('second');
  assert.equal((await ending).by, 'end');
  assertCounts(await over(), { accepted: 1, completed: 1 });
  assert.deepEqual(commands, ['first']);
});

test('has `linger` ms when it is ended, and its handler counts as completed', async () => {
  const { server, stop, errors, over } = await scene(echo, { linger: 50 });
  const client = await connect(server, { allowHalfOpen: true });
  await say(client, 'hello');
  stop.abort();
  await once(client.socket, 'end');
  assertCounts(await over(), { accepted: 1, completed: 1 });
  assert.deepEqual(errors, []);
  client.socket.destroy();
});

test('ends the pipe into which it is read', async () => {
  const upstream = await listening(create());
  upstream.on('connection', (socket) => void echo(socket).finally(() => socket.end()));
  const { server, stop, over } = await scene(async (socket) => {
    const { socket: other } = await connect(upstream);
    other.removeAllListeners('data').setEncoding();
    socket.pipe(other).pipe(socket);
    await finished(other, { readable: false });
    other.destroy();
  });
  const client = await connect(server);
  await say(client, 'hello');
  stop.abort();
  assert.deepEqual(await client.ending, { text: 'hello', by: 'end' });
  assertCounts(await over(), { accepted: 1, completed: 1 });
  upstream.close();
});

test('counts as failed if its handler fails otherwise', async () => {
  const { server, stop, errors, over } = await scene(async (socket) => {
    await echo(socket);
    throw new Error('a mistake');
  });
  const client = await connect(server);
  await say(client, 'hello');
  stop.abort();
  await client.ending;
  assertCounts(await over(), { accepted: 1, failed: 1 });
  assert.match(String(errors), /a mistake/);
});

test('wakes a handler that only waits for its signal', async () => {
  const reasons: unknown[] = [];
  const { server, stop, over } = await scene(async (socket, { signal }) => {
    socket.resume();
    reasons.push(await untilAborted(signal));
    signal.throwIfAborted();
  });
  const client = await connect(server);
  stop.abort();
  assert.equal((await client.ending).by, 'end');
  assertCounts(await over(), { accepted: 1, completed: 1 });
  assert.match(String(reasons), /^Error: The connection was silent$/);
});

test('frees its slot for a client that waits', async () => {
  const { server, stop, over } = await scene(echo, { concurrency: 1 });
  const clients = [await connect(server), await connect(server)] as const;
  await say(clients[0], 'hello');
  clients[1].socket.write('world');
  stop.abort();
  for (const { ending } of clients) assert.equal((await ending).text.length, 5);
  assertCounts(await over(), { accepted: 2, completed: 2 });
});

test('is left until grace if it resists being looked at, and its owner is told once', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const { server, serving, over, outlast } = await scene((socket) => {
    socket.resume();
    Object.defineProperty(socket, 'readableLength', {
      get: () => {
        throw new Error('resists');
      },
    });
  });
  const client = await connect(server);
  await outlast();
  assert.equal(client.socket.readableEnded, false);
  await until(() => serving.stats.completed === 1);
  void serving.stop({ grace: 0 });
  assertCounts(await over(), { accepted: 2, completed: 1, forced: 1 });
  stopCollecting();
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['resists'],
  );
});

test('is left until grace if `isBusy` throws, and its owner is told once', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const { server, stop, over } = await scene(echo, {
    grace: 300,
    isBusy: () => {
      throw new Error('resists');
    },
  });
  await connect(server);
  stop.abort();
  assertCounts(await over(), { accepted: 1, forced: 1 });
  stopCollecting();
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['resists'],
  );
});

test('has until grace without `quiet`, and with Infinity', async () => {
  for (const quiet of [undefined, Infinity]) {
    const served: Socket[] = [];
    const handler: Handler = (socket) => echo(served[served.push(socket) - 1] ?? assert.fail());
    const { server, stop, over } = await scene(handler, { quiet, grace: 300 });
    const client = await connect(server);
    await say(client, 'hello');
    assert.deepEqual(
      served.map((socket) => Object.hasOwn(socket, 'write')),
      [false],
    );
    stop.abort();
    assertCounts(await over(), { accepted: 1, forced: 1 });
  }
});

test.run();
