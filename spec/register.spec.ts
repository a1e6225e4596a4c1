import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Plan } from './fixtures/registered/program.ts';
import { readSettings } from '../lib/registering/settings.ts';
import { answersIn, get, saysClose } from './support/http-messages.ts';
import { limits } from './support/limits.ts';
import { killPrograms, type Outcome, type Program, watch } from './support/programs.ts';
import { runtime } from './support/runtime.ts';
import { type Client, connect } from './support/sockets.ts';
import { spawnScript } from './support/spawn-script.ts';
import { suite } from './support/suite.ts';

const test = suite('accept-loop/register', { timeout: 30_000 });
test.after.each(killPrograms);

/** Where nothing tells of a server that listens. */
const needs = { cannot: limits.listeningServers };

const quick = { ACCEPT_LOOP_GRACE: '1000', ACCEPT_LOOP_IDLE: '50', ACCEPT_LOOP_REPORT: 'json' };

type Environment = Record<string, string>;

interface Registered extends Program {
  readonly ports: readonly number[];
  readonly port: number;
}

async function started(program: Program): Promise<Registered> {
  const [, words = ''] = await program.printed(/^listening on (.*)$/m);
  const ports = words.split(' ').map(Number);
  return { ...program, ports, port: ports[0] ?? assert.fail('no port') };
}

function start(plan: Plan = {}, environment: Environment = {}): Promise<Registered> {
  const options = { args: [JSON.stringify(plan)], env: { ...quick, ...environment } };
  return started(watch(spawnScript('spec/fixtures/registered/program.ts', options)));
}

interface Report {
  readonly reason: string;
  readonly servers: readonly {
    readonly name: string;
    readonly address: string;
    readonly isDrained: boolean;
    readonly finished: number;
    readonly forced: number;
  }[];
  readonly workers: number;
  readonly heldBy?: readonly string[];
  readonly exitCode: number;
  readonly otherListeners: number;
}

/** The report, which is all that there is on standard error. */
function reportOf({ stderr }: Outcome): Report {
  return JSON.parse(stderr) as Report;
}

const countsOf = ({ servers }: Report): unknown[] =>
  servers.map(({ name, finished, forced }) => [name, finished, forced]);

/** Waits until one of its servers has closed its listener. */
async function refuses({ printed }: Program, kind: string): Promise<void> {
  await printed(new RegExp(`^${kind} refuses$`, 'm'));
}

/** Has the program a request under way. */
async function ask({ printed }: Program, { socket }: Client, path: string): Promise<void> {
  socket.write(get(path));
  await printed(new RegExp(`^request ${path}$`, 'm'));
}

test(
  'drains every server of the process at SIGTERM, which then ends with 0',
  async () => {
    const program = await start({ kinds: ['http', 'net', 'http2'] });
    const [http, net] = await Promise.all(program.ports.slice(0, 2).map((port) => connect(port)));
    assert.ok(http && net);
    await ask(program, http, '/slow');
    program.signal('SIGTERM');
    for (const kind of ['http', 'net', 'http2']) await refuses(program, kind);
    net.socket.end('bye');
    assert.deepEqual(await net.ending, { text: 'bye', by: 'end' });
    const { text, by } = await http.ending;
    assert.equal(by, 'end');
    assert.ok(saysClose(text) && text.endsWith('slow'), text);
    const outcome = await program.ending;
    assert.deepEqual([outcome.code, outcome.signal], [0, null]);
    const report = reportOf(outcome);
    assert.equal(report.reason, 'SIGTERM was received');
    assert.deepEqual(countsOf(report), [
      ['http', 1, 0],
      ['net', 1, 0],
      ['http2', 0, 0],
    ]);
    assert.deepEqual(
      report.servers.map(({ address }) => address),
      program.ports.map((port) => `127.0.0.1:${port}`),
    );
    assert.deepEqual([report.heldBy, report.exitCode], [undefined, 0]);
  },
  needs,
);

test(
  'gives an idle client its next request, and cuts off at grace what does not end',
  async () => {
    const program = await start({ kinds: ['http', 'net'] }, { ACCEPT_LOOP_IDLE: '500' });
    const [http, net] = await Promise.all(program.ports.map((port) => connect(port)));
    assert.ok(http && net);
    await ask(program, http, '/first');
    program.signal('SIGINT');
    await refuses(program, 'http');
    http.socket.write(get('/second'));
    const answers = answersIn((await http.ending).text);
    assert.deepEqual(answers.map(saysClose), [false, true]);
    const outcome = await program.ending;
    assert.equal(outcome.code, 0);
    assert.deepEqual(countsOf(reportOf(outcome)), [
      ['http', 1, 0],
      ['net', 0, 1],
    ]);
    await net.ending;
  },
  needs,
);

test(
  'closes a server that is opened during the stop',
  async () => {
    const program = await start();
    const [slow, late] = [await connect(program.port), await connect(program.port)];
    await ask(program, slow, '/slow');
    program.signal('SIGTERM');
    await refuses(program, 'http');
    late.socket.write(get('/late'));
    assert.match((await late.ending).text, /late$/);
    const outcome = await program.ending;
    assert.match(outcome.stdout, /late closed/);
    assert.deepEqual([outcome.code, reportOf(outcome).servers.length], [0, 2]);
  },
  // An idle window that is long enough for a request.
  needs,
);

test(
  'leaves nothing on a server that has closed, however often it was opened',
  async () => {
    const program = await start({ does: ['opens one again and again'] });
    const [, left] = await program.printed(/^reopened, (.*)$/m);
    assert.equal(left, '0 listeners');
    program.signal('SIGTERM');
    const outcome = await program.ending;
    // A warning would be there, too.
    assert.equal(reportOf(outcome).exitCode, 0);
  },
  needs,
);

test(
  'ends a process that something else holds when grace is over, and says what',
  async () => {
    const program = await start(
      { does: ['has signal-exit', 'is held by a timer', 'sets an exit code'] },
      { ACCEPT_LOOP_GRACE: '300' },
    );
    program.signal('SIGTERM');
    const outcome = await program.ending;
    const { heldBy, exitCode } = reportOf(outcome);
    assert.deepEqual([outcome.code, exitCode, heldBy], [4, 4, ['Timeout']]);
  },
  needs,
);

test(
  'leaves the process to a program that listens for the signal: its servers go on, the next one kills',
  async () => {
    const program = await start({ does: ['listens once', 'is held by a timer'] });
    const client = await connect(program.port);
    program.signal('SIGTERM');
    await program.printed(/^heard$/m);
    await ask(program, client, '/after');
    program.signal('SIGTERM');
    const outcome = await program.ending;
    assert.equal(outcome.signal, 'SIGTERM');
    assert.deepEqual(reportOf(outcome), { reason: 'SIGTERM was received', otherListeners: 1 });
  },
  needs,
);

test(
  'drains at a signal for which nobody else listens, though somebody does for another one',
  async () => {
    const program = await start({ does: ['says when it is interrupted'] });
    program.signal('SIGINT');
    await program.printed(/^interrupted$/m);
    program.signal('SIGTERM');
    const { code, stdout } = await program.ending;
    assert.deepEqual([code, stdout.match(/closed/g)?.length], [0, 1]);
  },
  needs,
);

test(
  'leaves servers to what the program itself calls, however long that takes, and closes them once',
  async () => {
    const kinds = ['net', 'net', 'bare', 'http'] as const;
    const uses = ['drain', 'drain at the abort', 'serve'] as const;
    const program = await start({ kinds, uses }, { ACCEPT_LOOP_GRACE: '100' });
    const ports = program.ports.slice(0, uses.length);
    const clients = await Promise.all(ports.map((port) => connect(port)));
    const echoes = clients.map(({ socket }) => once(socket, 'data'));
    for (const { socket } of clients) socket.write('hello');
    // Deno may close with the listener what it has accepted and not brought.
    await Promise.all(echoes);
    program.signal('SIGTERM');
    for (const kind of kinds) await refuses(program, kind);
    await new Promise((resolve) => setTimeout(resolve, 400));
    for (const { socket, ending } of clients) {
      socket.end('bye');
      assert.deepEqual(await ending, { text: 'hellobye', by: 'end' });
    }
    const outcome = await program.ending;
    assert.deepEqual([outcome.code, outcome.stdout.match(/closed/g)?.length], [0, kinds.length]);
    // The last server is drained: nobody else does it.
    assert.deepEqual(countsOf(reportOf(outcome)), [['http', 0, 0]]);
  },
  needs,
);

test(
  'does nothing when the program closes its server; with the last client it lets signals kill again',
  async () => {
    const plan = { kinds: ['net'], does: ['is held by a timer'], closesAtFirst: true } as const;
    const program = await start(plan, { ACCEPT_LOOP_GRACE: '0' });
    const client = await connect(program.port);
    await refuses(program, 'net');
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.socket.end('bye');
    assert.deepEqual(await client.ending, { text: 'bye', by: 'end' });
    await program.printed(/^net closed$/m);
    // Deno takes a signal's listener off some time later.
    await new Promise((resolve) => setTimeout(resolve, 100));
    program.signal('SIGTERM');
    const { signal, stderr } = await program.ending;
    assert.deepEqual([signal, stderr], ['SIGTERM', '']);
  },
  needs,
);

test(
  'is ended at once by a second SIGINT, and not by a second SIGTERM',
  async () => {
    const program = await start({ kinds: ['net'] });
    const client = await connect(program.port);
    client.socket.write('hello');
    await once(client.socket, 'data');
    program.signal('SIGTERM');
    await refuses(program, 'net');
    await new Promise((resolve) => setTimeout(resolve, 300));
    program.signal('SIGTERM');
    program.signal('SIGINT');
    const { code, signal } = await program.ending;
    // Deno exits by itself where it hears both at once.
    assert.ok(signal === 'SIGINT' || code === 130, `${signal} ${code}`);
    await client.ending;
  },
  needs,
);

test(
  'waits for ACCEPT_LOOP_DELAY before the last call',
  async () => {
    const program = await start({}, { ACCEPT_LOOP_DELAY: '400', ACCEPT_LOOP_REPORT: 'text' });
    program.signal('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const client = await connect(program.port);
    await ask(program, client, '/during');
    const { text } = await client.ending;
    assert.match(text, /quick$/);
    const { code, stderr } = await program.ending;
    assert.equal(code, 0);
    const expected =
      'accept-loop: SIGTERM was received: exit code 0 after \\d\\.\\d s\n' +
      `accept-loop: http 127\\.0\\.0\\.1:${program.port}: 1 finished, 0 forced\n`;
    assert.match(stderr, new RegExp(`^${expected}$`));
  },
  needs,
);

test(
  'names each request that is cut off',
  async () => {
    const program = await start({}, { ACCEPT_LOOP_GRACE: '0', ACCEPT_LOOP_REPORT: 'text' });
    const client = await connect(program.port);
    await ask(program, client, '/slow');
    program.signal('SIGTERM');
    await client.ending;
    const { stderr } = await program.ending;
    assert.match(stderr, /forced: request of 127\.0\.0\.1:\d+, GET \/slow, \d\.\d s old\n/);
  },
  needs,
);

test(
  'reports when the program ends itself in the middle, and leaves it its exit code',
  async () => {
    const program = await start({}, { ACCEPT_LOOP_IDLE: '900' });
    const client = await connect(program.port);
    await ask(program, client, '/first');
    program.signal('SIGTERM');
    await refuses(program, 'http');
    client.socket.write(get('/exit'));
    const outcome = await program.ending;
    const { exitCode, servers } = reportOf(outcome);
    assert.deepEqual([outcome.code, exitCode, servers[0]?.isDrained], [3, 3, false]);
  },
  needs,
);

test(
  'drains at ACCEPT_LOOP_SIGNAL alone, and then has the program hear SIGTERM',
  async () => {
    const program = await start(
      { does: ['listens'] },
      { ACCEPT_LOOP_SIGNAL: 'SIGUSR2', ACCEPT_LOOP_REPORT: 'off' },
    );
    const client = await connect(program.port);
    await ask(program, client, '/slow');
    program.signal('SIGUSR2');
    const { text } = await client.ending;
    assert.match(text, /slow$/);
    const { code, stdout, stderr } = await program.ending;
    assert.deepEqual([code, stderr], [7, '']);
    assert.match(stdout, /http closed/);
  },
  needs,
);

test(
  'passes the signal on to the workers of a cluster, and ends it though it forks anew',
  async () => {
    const options = { env: quick };
    const program = await started(
      watch(spawnScript('spec/fixtures/registered/cluster.ts', options)),
    );
    const client = await connect(program.port);
    await ask(program, client, '/slow');
    program.signal('SIGTERM');
    assert.match((await client.ending).text, /slow$/);
    const { code, stdout, stderr } = await program.ending;
    assert.equal(code, 0);
    assert.equal(stdout.match(/worker: 0/g)?.length, 2);
    const lines = stderr.trimEnd().split('\n');
    const counts = lines.map((line) => (JSON.parse(line) as Report).workers);
    const own = counts.filter((count) => count === 0);
    // A worker that was forked anew may listen by then, and be drained, too.
    assert.ok(own.length >= 2, stderr);
    assert.deepEqual(
      counts.filter((count) => count !== 0),
      [2],
    );
  },
  { cannot: limits.rollingStops },
);

const wanted = 'must be a whole number of milliseconds, or Infinity';

for (const [name, value, message] of [
  ['ACCEPT_LOOP_GRACE', '10s', `${wanted}, received '10s'`],
  ['ACCEPT_LOOP_IDLE', '-1', `${wanted}, received '-1'`],
  ['ACCEPT_LOOP_DELAY', ' ', `${wanted}, received ' '`],
  ['ACCEPT_LOOP_REPORT', 'JSON', "must be text, json or off, received 'JSON'"],
  [
    'ACCEPT_LOOP_SIGNAL',
    'SIGKILL',
    "must be the name of a signal that a process can catch, received 'SIGKILL'",
  ],
] as const) {
  test(`refuses ${name}=${value} in one line`, () => {
    const error = { name: 'RangeError', message: `Cannot register: "${name}" ${message}` };
    assert.throws(() => readSettings({ [name]: value }), error);
  });
}

test('takes an empty variable for one that is not set', () => {
  const names = ['GRACE', 'IDLE', 'DELAY', 'REPORT', 'SIGNAL'].map((name) => `ACCEPT_LOOP_${name}`);
  const empty = Object.fromEntries(names.map((name) => [name, '']));
  const defaults = { grace: 10_000, idle: 1000, delay: 0, report: 'text', signal: undefined };
  assert.deepEqual(readSettings(empty), defaults);
  assert.deepEqual(readSettings({ ACCEPT_LOOP_GRACE: 'Infinity' }).grace, Infinity);
});

test('does not start with a bad variable', async () => {
  const options = { env: { ACCEPT_LOOP_GRACE: 'long' } };
  const { ending } = watch(spawnScript('spec/fixtures/registered/program.ts', options));
  const { code, stdout, stderr } = await ending;
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /Cannot register: "ACCEPT_LOOP_GRACE" must be/);
});

if (runtime.name === 'bun') {
  test('does not start where nothing tells of a server that listens', async () => {
    const { code, stderr } = await watch(spawnScript('spec/fixtures/registered/program.ts')).ending;
    assert.equal(code, 1);
    assert.match(stderr, /Cannot register: this runtime does not report listening servers/);
  });
}

test.run();
