import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttp, request as requestHttp } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2';
import { createServer as createNet, type Server } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { text } from 'node:stream/consumers';
import { acceptLoop, serve, type ServeHandler, type Serving } from 'accept-loop';
import { WebSocket, WebSocketServer } from 'ws';
import { certificate } from '../support/certificate.ts';
import { connect, follow, listening, portOf, tlsSocket } from '../support/sockets.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { limits } from '../support/limits.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';

const test = suite('the async context of a handler');

const event = new AsyncLocalStorage<number>();
const user = new AsyncLocalStorage<string>();

/** Runs each of a server's emits of an event in a context of its own, as tracing tools do. */
function traceEmits(server: EventEmitter, name: string): void {
  const emit = server.emit.bind(server);
  let count = 0;
  server.emit = (which: string | symbol, ...args: unknown[]) => {
    if (which !== name) return emit(which, ...args);
    return event.run((count += 1), () => emit(which, ...args));
  };
}

interface Started {
  readonly server: EventEmitter;
  /** What emits the event, where that is another one. */
  readonly source?: EventEmitter;
  readonly visit: () => Promise<void>;
  readonly end: () => void;
}

interface Kind {
  readonly event: string;
  readonly start: () => Promise<Started>;
}

async function tcp(server: Server): Promise<Started> {
  await listening(server);
  const visit = async (): Promise<void> => {
    const { socket, ending } = await connect(server);
    socket.end('x');
    await ending;
  };
  return { server, visit, end() {} };
}

const kinds: Record<string, Kind> = {
  net: { event: 'connection', start: () => tcp(createNet({ allowHalfOpen: true })) },
  tls: {
    event: 'secureConnection',
    async start() {
      const server = await listening(createTls({ ...certificate, allowHalfOpen: true }));
      const visit = async (): Promise<void> => {
        const socket = tlsSocket(server);
        socket.end('x');
        await follow(socket);
      };
      return { server, visit, end() {} };
    },
  },
  http: {
    event: 'request',
    async start() {
      const server = await listening(createHttp());
      const visit = async (): Promise<void> => {
        const asking = requestHttp({ port: portOf(server), host: '127.0.0.1', agent: false });
        const [response] = await once(asking.end(), 'response');
        await text(response);
      };
      return { server, visit, end() {} };
    },
  },
  'http/2': {
    event: 'request',
    async start() {
      const server = await listening(createHttp2());
      const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`);
      session.on('error', () => {});
      const visit = async (): Promise<void> => {
        const stream = session.request().on('error', () => {});
        stream.resume();
        await once(stream, 'close');
      };
      return { server, visit, end: () => session.destroy() };
    },
  },
  WebSocket: {
    event: 'upgrade',
    async start() {
      const source = await listening(createHttp());
      const server = new WebSocketServer({ server: source });
      const visit = async (): Promise<void> => {
        const client = new WebSocket(`ws://127.0.0.1:${portOf(source)}`);
        await once(
          client.on('error', () => {}),
          'close',
        );
      };
      return { server, source, visit, end: () => void source.close() };
    },
  },
  'any emitter': {
    event: 'thing',
    async start() {
      const server = new EventEmitter();
      return { server, visit: async () => void server.emit('thing', {}), end() {} };
    },
  },
};

function serveAny(
  server: EventEmitter,
  handler: ServeHandler<unknown[]>,
  options: { event?: string; concurrency?: number; onError?: (error: unknown) => void },
): Serving {
  const { event: name, ...others } = options;
  const known = name === 'thing' ? options : others;
  return serve(server, handler, known as typeof options & { event: string });
}

/** Answers where there is something to answer. */
function answer(connection: unknown): void {
  const [, response] = Array.isArray(connection) ? (connection as unknown[]) : [];
  const { end } = Object(response) as { end?: unknown };
  if (typeof end === 'function') Reflect.apply(end, response, ['answer']);
}

for (const [name, kind] of Object.entries(kinds)) {
  for (const concurrency of [Infinity, 1]) {
    const slots = concurrency === 1 ? ', after it has waited for a slot' : '';
    test(`is that of the emit that brought its connection, and no other's (${name}${slots})`, async () => {
      const { server, source = server, visit, end } = await kind.start();
      traceEmits(source, kind.event);
      const seen: unknown[] = [];
      const strange: unknown[] = [];
      const handler = async (connection: unknown): Promise<void> => {
        const begun = event.getStore();
        strange.push(user.getStore());
        user.enterWith(`user ${begun}`);
        await turns(2);
        seen.push([begun, event.getStore(), user.getStore()]);
        answer(connection);
      };
      const serving = event.run(-1, () =>
        serveAny(server, handler, { concurrency, event: kind.event }),
      );
      const visits = [visit(), visit(), visit(), visit()];
      await until(() => seen.length === 4);
      await Promise.all(visits);
      end();
      await serving.stop();
      assert.deepEqual(
        seen,
        [1, 2, 3, 4].map((count) => [count, count, `user ${count}`]),
      );
      assert.deepEqual(strange, [undefined, undefined, undefined, undefined]);
    });
  }
}

test('is that of onError and of the listeners of its signals, too', async () => {
  const server = await listening(createNet());
  traceEmits(server, 'connection');
  const seen: string[] = [];
  const note = (what: string): void => void seen.push(`${what} ${event.getStore()}`);
  let running = 0;
  const serving = serve(
    server,
    async (_socket, { signal, draining }) => {
      draining.addEventListener('abort', () => note('draining'));
      signal.addEventListener('abort', () => note('signal'));
      running += 1;
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('told')));
      });
    },
    { onError: () => note('onError') },
  );
  const clients = [await connect(server), await connect(server)];
  await until(() => running === 2);
  await event.run(-1, () => serving.stop({ grace: 20 }));
  await Promise.all(clients.map(({ ending }) => ending));
  assert.deepEqual(seen.toSorted(), [
    'draining 1',
    'draining 2',
    'onError 1',
    'onError 2',
    'signal 1',
    'signal 2',
  ]);
});

test('of acceptLoop is the consumer’s own, and each connection can be given one', async () => {
  const server = await listening(createNet({ allowHalfOpen: true }));
  traceEmits(server, 'connection');
  // What docs/accept-loop.md shows: the context of the event, kept for whoever handles it.
  const contexts = new WeakMap<object, ReturnType<typeof AsyncLocalStorage.snapshot>>();
  server.on('connection', (socket) => contexts.set(socket, AsyncLocalStorage.snapshot()));
  const loop = acceptLoop(server);
  const seen: unknown[] = [];
  const handle = async (): Promise<void> => {
    const strange = user.getStore();
    user.enterWith(`user ${event.getStore()}`);
    await turns(1);
    seen.push([event.getStore(), strange]);
  };
  const clients = [await connect(server), await connect(server)];
  for (const _ of clients) {
    const { value: socket } = await loop.next();
    assert.ok(socket);
    assert.equal(event.getStore(), undefined);
    await contexts.get(socket)?.(handle);
    socket.destroy();
  }
  await loop.return();
  assert.deepEqual(seen, [
    [1, undefined],
    [2, undefined],
  ]);
});

test(
  'is the span that OpenTelemetry has begun for its request',
  async () => {
    const child = spawnScript('spec/fixtures/traced-server.ts', {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    assert.ok(child.stdout);
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const paths = ['/a', '/b', '/c', '/d'];
    const lines = paths.map((path) => `${path} nobody ${path}`);
    assert.equal(output, `${[...lines, 'aborted in /abort'].join('\n')}\n`);
  },
  { cannot: limits.instrumented, timeout: 20_000 },
);

test.run();
