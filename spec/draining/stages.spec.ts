import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createSecureServer as createHttp2Server } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import { drain } from 'accept-loop';
import { certificate } from '../support/certificate.ts';
import { drainScene } from '../support/drain-scene.ts';
import { answersIn, get, post, SWITCHING, upgrade } from '../support/http-messages.ts';
import { type Limit, limits } from '../support/limits.ts';
import { randomOf } from '../support/random.ts';
import { type Client, connect, goOnWithTls, portOf } from '../support/sockets.ts';
import { runtime } from '../support/runtime.ts';
import { suite } from '../support/suite.ts';
import { sleep, until } from '../support/turns.ts';

const test = suite('drain with clients at every stage');

const stops = 30;
const together = 10;

/** How long an idle connection has, in milliseconds: much longer than a busy machine delays it. */
const idle = 1500;
/** How long one takes at the most that behaves, in milliseconds. */
const prompt = 100;

/** Answers `/<milliseconds>/<bytes>` so much later, all at once or in pieces; or never. */
async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, milliseconds, bytes, way] = (request.url ?? '').split('/');
  const size = Number(bytes);
  const pieces = way === 'stream' ? 4 : 1;
  const piece = 'x'.repeat(size / pieces);
  if (pieces > 1) {
    response.writeHead(200, { 'content-length': size });
    response.write(piece);
  }
  await once(request.resume(), 'end');
  if (milliseconds === 'never') return;
  for (let left = pieces; left > 1; left -= 1) {
    await sleep(Number(milliseconds) / pieces);
    if (left > 2) response.write(piece);
  }
  if (pieces > 1) return void response.end(piece);
  await sleep(Number(milliseconds));
  response.writeHead(200, { 'content-length': size }).end(piece);
}

/** The owner of a socket that left HTTP: says goodbye after as many milliseconds, or never. */
function own({ url }: IncomingMessage, socket: Socket): void {
  const [, milliseconds] = (url ?? '').split('/');
  socket.on('error', () => {});
  socket.write(SWITCHING);
  if (milliseconds !== 'never') setTimeout(() => socket.end('goodbye'), Number(milliseconds));
}

/** Asserts that so many answers are there, each of them whole. */
function assertWhole(text: string, count: number): void {
  const answers = answersIn(text);
  assert.equal(answers.length, count, text.slice(0, 300));
  for (const answer of answers) {
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    assert.match(head, /^HTTP\/1\.1 200 /);
    assert.equal(body.length, Number(/content-length: (\d+)/i.exec(head)?.[1]));
  }
}

/** One client at one stage. */
interface Visit {
  readonly server: Server;
  /** Whether it comes to its end promptly. If not, it never does. */
  readonly behaves: boolean;
  /** A path whose answer comes in time, or never; with a random size. */
  readonly path: (way?: string) => string;
  /** A connection, after the handshake if there is one. */
  readonly open: () => Promise<Client>;
  readonly raw: () => Promise<Client>;
  /** Tells that the stage is reached; resolves a moment after the shutdown has begun. */
  readonly begun: () => Promise<void>;
}

type Stage = (visit: Visit) => Promise<void>;

const stages = {
  async idle({ open, behaves, begun }) {
    const { socket, ending } = await open();
    socket.write(get('/0/10'));
    await once(socket, 'data');
    await begun();
    if (behaves) socket.write(get('/0/20'));
    assertWhole((await ending).text, behaves ? 2 : 1);
  },
  async 'in flight'({ open, path, behaves, begun }) {
    const { socket, ending } = await open();
    socket.write(get(path()));
    await begun();
    const { text } = await ending;
    if (behaves) assertWhole(text, 1);
  },
  async streaming({ open, path, behaves, begun }) {
    const { socket, ending } = await open();
    socket.write(get(path('stream')));
    await begun();
    const { text } = await ending;
    if (behaves) assertWhole(text, 1);
  },
  async pipelined({ open, path, behaves, begun }) {
    const { socket, ending } = await open();
    socket.write(get('/20/100') + get('/0/2000') + get(path()));
    await begun();
    const { text } = await ending;
    assertWhole(text, behaves ? 3 : 2);
  },
  async 'half body'({ open, behaves, begun }) {
    const { socket, ending } = await open();
    socket.write(post('/0/5000', 10) + 'half ');
    await begun();
    if (behaves) socket.write('whole');
    const { text } = await ending;
    if (behaves) assertWhole(text, 1);
  },
  async 'half head'({ open, behaves, begun }) {
    const { socket, ending } = await open();
    socket.write('GET /0/3000 HTTP/1.1\r\nHo');
    await begun();
    if (behaves) socket.write('st: localhost\r\n\r\n');
    const { text } = await ending;
    if (behaves) assertWhole(text, 1);
  },
  async upgraded({ open, path, behaves, begun }) {
    const { socket, ending } = await open();
    socket.write(upgrade(path()));
    await begun();
    const { text } = await ending;
    assert.match(text, behaves ? /^HTTP\/1\.1 101 [^]*goodbye$/ : /^HTTP\/1\.1 101 /);
  },
  async handshake({ raw, behaves, begun }) {
    const { socket, ending } = await raw();
    await begun();
    if (behaves) {
      const client = await goOnWithTls(socket);
      client.socket.write(get('/0/4000'));
      assertWhole((await client.ending).text, 1);
    }
    await ending;
  },
  async 'HTTP/2'({ server, path, behaves, begun }) {
    const session = connectHttp2(`https://127.0.0.1:${portOf(server)}`, { ca: certificate.cert });
    const closed = new Promise((resolve) => session.on('error', () => {}).once('close', resolve));
    const stream = session.request({ ':path': path() });
    let head: Record<string, unknown> = {};
    let length = 0;
    stream.on('error', () => {}).on('response', (headers) => (head = headers));
    stream.on('data', (chunk: Buffer) => (length += chunk.length));
    await once(session, 'connect');
    await begun();
    await closed;
    if (behaves) assert.deepEqual([head[':status'], head['content-length']], [200, `${length}`]);
  },
} satisfies Record<string, Stage>;

/**
 * One server, a client at each stage, and a shutdown at a random moment. In one of three nobody
 * behaves, and grace ends it. In the others who does not is ended when all others have been served.
 */
async function stop({ create, names, isSecure }: Scheme, seed: number): Promise<void> {
  const unbound = create();
  const random = randomOf(seed);
  const isHopeless = seed % 3 === 0;
  const grace = isHopeless ? 100 + random() * 200 : 20_000;
  let accepted = 0;
  let closed = 0;
  unbound.on('connection', (socket: Socket) => {
    accepted += 1;
    socket.once('close', () => (closed += 1));
  });
  unbound.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // A client that goes away has no end of its request.
    handle(request, response).catch(() => {});
  });
  unbound.on('upgrade', own);
  const { server, drained, stop: controller, over } = await drainScene(unbound, { grace, idle });
  const aborted = once(controller.signal, 'abort');
  const raw = (): Promise<Client> => connect(server);
  const open = async (): Promise<Client> => {
    const client = await raw();
    return isSecure ? await goOnWithTls(client.socket) : client;
  };
  let reached = 0;
  const visits = names.map((name) => {
    const behaves = !isHopeless && random() < 0.75;
    const [delay, size, moment] = [random(), random(), random()];
    const milliseconds = behaves ? Math.ceil(delay * prompt) : 'never';
    const path = (way = ''): string => `/${milliseconds}/${4 * Math.ceil(size * 25_000)}/${way}`;
    const begun = async (): Promise<void> => {
      reached += 1;
      await aborted;
      await sleep(moment * prompt);
    };
    const visiting = stages[name]({ server, behaves, raw, path, open, begun });
    const done = visiting.catch((cause: unknown) => {
      throw new Error(`${name}, seed ${seed}, ${behaves ? 'behaves' : 'never ends'}`, { cause });
    });
    // An idle one is ended in time, whatever it does.
    return { done, isServed: behaves || (name === 'idle' && !isHopeless) };
  });
  const all = Promise.all(visits.map(({ done }) => done));
  await Promise.race([all, until(() => reached === names.length && accepted === names.length)]);
  await sleep(random() * prompt);
  let settling: Promise<unknown> = drained;
  // By a timer of this process, which is as late as any other when the machine is busy.
  const settlesIn = async (milliseconds: number): Promise<void> => {
    const late = sleep(milliseconds).then(() => sleep(500));
    assert.notEqual(await Promise.race([drained, late]), undefined, `seed ${seed} is late`);
  };
  controller.abort();
  if (isHopeless) settling = settlesIn(grace);
  const served = visits.filter(({ isServed }) => isServed);
  await Promise.all(served.map(({ done }) => done));
  const rude = names.length - served.length;
  if (!isHopeless && rude > 0) {
    await until(() => accepted - closed === rude);
    void drain(server, { grace: 0 });
    settling = settlesIn(0);
  }
  await settling;
  const { forced } = await over();
  await all;
  assert.ok(forced === rude || (isHopeless && forced === rude - 1), `seed ${seed}: ${forced}`);
}

type Name = keyof typeof stages;

const requests = ['idle', 'in flight', 'streaming', 'pipelined', 'half body', 'upgraded'] as const;

/** Bun knows a connection only from its first request: `limits.httpNewcomers`. */
const newcomers = runtime.name === 'bun' ? [] : (['half head'] as const);
const handshakes = runtime.name === 'bun' ? [] : (['handshake'] as const);

interface Scheme {
  readonly create: () => Server;
  readonly isSecure: boolean;
  readonly names: readonly Name[];
  readonly cannot?: Limit;
}

const schemes: Record<string, Scheme> = {
  HTTP: { create: () => createServer(), isSecure: false, names: [...requests, ...newcomers] },
  HTTPS: {
    create: () => createSecureServer(certificate),
    isSecure: true,
    names: [...requests, ...newcomers, ...handshakes],
  },
  'HTTP/2 beside HTTP/1': {
    create: () => createHttp2Server({ ...certificate, allowHTTP1: true }),
    isSecure: true,
    names: [...requests, ...newcomers, ...handshakes, 'HTTP/2'],
    cannot: limits.goawayMeetsStream,
  },
};

for (const [name, scheme] of Object.entries(schemes)) {
  test(
    `settles by the deadline, with all that was answered whole: ${stops} stops (${name})`,
    async () => {
      for (let first = 1; first <= stops; first += together) {
        const seeds = Array.from({ length: together }, (_, index) => first + index);
        await Promise.all(seeds.map((seed) => stop(scheme, seed)));
      }
    },
    { timeout: 60_000, ...(scheme.cannot && { cannot: scheme.cannot }) },
  );
}

test.run();
