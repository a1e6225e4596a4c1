import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { expectTypeOf } from 'expect-type';
import { type ShutdownSignal, shutdownSignal } from '../lib/shutdown-signal.ts';
import { limits } from './support/limits.ts';
import { listenersOn } from './support/listeners.ts';
import { killPrograms, type Program, startProgram, watch } from './support/programs.ts';
import { scriptCommand, spawnScript } from './support/spawn-script.ts';
import { suite } from './support/suite.ts';
import { turns } from './support/turns.ts';
import { collectWarnings } from './support/warnings.ts';

const test = suite('shutdownSignal', { timeout: 30_000 });
test.after.each(killPrograms);

interface StartOptions {
  /** With an IPC channel to it. */
  ipc?: boolean;
}

/** Starts a file of spec/fixtures/shutdown. */
function start(
  file: string,
  args: readonly string[] = [],
  { ipc = false }: StartOptions = {},
): Program {
  const pipes = ['pipe', 'pipe', 'pipe'] as const;
  const stdio = ipc ? [...pipes, 'ipc' as const] : [...pipes];
  return watch(spawnScript(`spec/fixtures/shutdown/${file}`, { args, stdio }));
}

/** Starts one that works until its input ends. */
async function startWorker(options: object = {}, startOptions?: StartOptions): Promise<Program> {
  const worker = start('worker.ts', [JSON.stringify(options)], startOptions);
  await worker.printed(/^ready$/m);
  return worker;
}

/** What the worker prints when both of its signals abort. */
function twice(message: string): string {
  return `ready\n${`AbortError: ${message}\n`.repeat(2)}`;
}

/** Starts one at a terminal of its own. Its output and its exit code are those of script(1). */
async function startAtTerminal(): Promise<Program> {
  const words = scriptCommand('spec/fixtures/shutdown/terminal.ts');
  const command = words.map((word) => `'${word}'`).join(' ');
  const program = startProgram('script', ['-qec', `exec ${command}`, '/dev/null']);
  await program.printed(/^ready, on a terminal\r$/m);
  return program;
}

const controlC = '\x03';
const controlD = '\x04';

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  test(`aborts by ${name}, and lets the process finish`, async () => {
    const { signal, printed, end, ending } = await startWorker();
    signal(name);
    await printed(/AbortError/);
    end();
    const { code, stdout, stderr } = await ending;
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout, `${twice(`${name} was received`)}finished\n`);
  });
}

for (const ipc of [false, true]) {
  test(`may be made in a thread ${ipc ? 'with' : 'without'} an IPC channel`, async () => {
    const { code, stdout, stderr } = await start('told-thread.ts', [], { ipc }).ending;
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^the main thread: true\nthe thread: \w+\n$/);
  });
}

test(
  'never aborts in a thread',
  async () => {
    const { stdout } = await start('told-thread.ts').ending;
    assert.match(stdout, /^the thread: false$/m);
  },
  { cannot: limits.signalsOfMain },
);

test('waits for the signals that it is told to', async () => {
  const { signal, printed, end, ending } = await startWorker({ signals: ['SIGUSR2', 'SIGHUP'] });
  signal('SIGHUP');
  await printed(/AbortError/);
  end();
  const { code, stdout } = await ending;
  assert.equal(code, 0);
  assert.equal(stdout, `${twice('SIGHUP was received')}finished\n`);
});

test('waits for no others', async () => {
  const worker = await startWorker({ signals: ['SIGHUP'] });
  worker.signal('SIGTERM');
  const { signal, stdout } = await worker.ending;
  assert.deepEqual([signal, stdout], ['SIGTERM', 'ready\n']);
});

test("aborts by the IPC message 'shutdown', and by no other", async () => {
  const options = { tellsMessages: true };
  const { child, printed, end, ending } = await startWorker(options, { ipc: true });
  for (const message of ['hello', { shutdown: true }, ['shutdown'], 5]) child.send(message);
  child.send('shutdown');
  await printed(/message "shutdown"/);
  end();
  const { code, stdout, stderr } = await ending;
  assert.deepEqual([code, stderr], [0, '']);
  const lines = [
    'ready',
    'message "hello"',
    'message {"shutdown":true}',
    'message ["shutdown"]',
    'message 5',
    "AbortError: The message 'shutdown' was received",
    "AbortError: The message 'shutdown' was received",
    'message "shutdown"',
    'finished',
  ];
  assert.equal(stdout, `${lines.join('\n')}\n`);
});

test('aborts by a signal when the IPC channel is gone', async () => {
  const { signal, printed, end, ending } = await startWorker({ disconnects: true }, { ipc: true });
  signal('SIGTERM');
  await printed(/AbortError/);
  end();
  const { code, stdout, stderr } = await ending;
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(stdout, `${twice('SIGTERM was received')}finished\n`);
});

for (const teller of ['primary', 'worker']) {
  test(`aborts when a cluster's worker is told by the ${teller} to disconnect`, async () => {
    // The connection ends by the abort: else the worker would never leave.
    const { code, stdout, stderr } = await start('cluster.ts', [teller]).ending;
    assert.deepEqual([code, stderr], [0, '']);
    const lines = [
      'AbortError: The cluster worker was told to disconnect',
      'closed',
      'the worker has exited: 0',
    ];
    assert.equal(stdout, `${lines.join('\n')}\n`);
  });

  test(`takes no disconnect by the ${teller} for a second request, too`, async () => {
    const { code, stdout, stderr } = await start('cluster.ts', [teller, 'again']).ending;
    assert.deepEqual([code, stderr], [0, '']);
    assert.doesNotMatch(stdout, /again/);
    assert.match(stdout, /told to disconnect\nclosed\nthe worker has exited: 0\n$/);
  });
}

for (const ipc of [true, false]) {
  test(`does not hold a worker thread, ${ipc ? 'with' : 'without'} an IPC channel`, async () => {
    const { code, stdout, stderr } = await start('thread.ts', [], { ipc }).ending;
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(stdout.split('\n').toSorted(), ['', 'aborted: false', 'ended: 0']);
  });
}

/** What those do that Bun cannot. */
const uncounted = new Set([
  'disposed before another listener came',
  'before another listener came and went',
  'around another listener',
]);

/** Whether the process is held, by what it does beside waiting for a shutdown. */
const idlers = {
  alone: false,
  'two of them': false,
  delayed: false,
  disposed: false,
  'after another listener': true,
  'before another listener': true,
  "before a listener for 'disconnect'": true,
  'disposed before another listener came': true,
  'disposed after another listener came': true,
  'after another listener has gone': false,
  'before another listener came and went': false,
  'around another listener': false,
};

for (const [what, isHeld] of Object.entries(idlers)) {
  const holds = isHeld ? 'lets another listener hold' : 'does not hold';
  test(
    `${holds} a process with an IPC channel: ${what} (A53)`,
    async () => {
      const { code, signal, stdout, stderr } = await start('idle.ts', [what], { ipc: true }).ending;
      assert.deepEqual([code, signal, stderr], [0, null, '']);
      assert.equal(stdout, isHeld ? 'held\n' : '');
    },
    uncounted.has(what) ? { cannot: limits.ipcListenerCount } : {},
  );
}

for (const what of ['alone', 'disposed', 'after another listener', 'before another listener']) {
  test(`does the same where the channel counts nobody, as on Bun: ${what} (A53)`, async () => {
    const { ending } = start('idle.ts', [what, 'uncounted'], { ipc: true });
    const { code, signal, stdout, stderr } = await ending;
    assert.deepEqual([code, signal, stderr], [0, null, '']);
    assert.equal(stdout, /another/.test(what) ? 'held\n' : '');
  });
}

for (const what of ['alone', 'two of them', 'delayed', 'disposed']) {
  test(`does not hold a process without an IPC channel: ${what} (A53)`, async () => {
    const { code, signal, stdout, stderr } = await start('idle.ts', [what]).ending;
    assert.deepEqual([code, signal, stdout, stderr], [0, null, '', '']);
  });
}

for (const ipc of [false, true]) {
  const title = `shares one listener, and leaves none, ${ipc ? 'with' : 'without'} an IPC channel`;
  test(`${title} (A15, A54)`, async () => {
    const { code, stdout, stderr } = await start('listeners.ts', [], { ipc }).ending;
    // On Node 20 twenty-two listeners would be a warning.
    assert.deepEqual([code, stderr], [0, '']);
    const { before, during, after, last } = JSON.parse(stdout) as Record<
      string,
      Record<string, number>
    >;
    const { SIGINT, SIGTERM, SIGHUP } = during ?? {};
    assert.deepEqual({ SIGINT, SIGTERM, SIGHUP }, { SIGINT: 1, SIGTERM: 1, SIGHUP: 1 });
    assert.equal(during?.['message'], ipc ? 1 : undefined);
    // What a second signal means is theirs to say.
    assert.deepEqual(after, during);
    assert.deepEqual(last, before);
  });
}

test('never aborts when it is disposed, which may be done twice', async () => {
  const before = listenersOn(process);
  const [first, second] = [
    shutdownSignal({ signals: ['SIGUSR2'] }),
    shutdownSignal({ signals: ['SIGUSR2'] }),
  ];
  expectTypeOf(first).toEqualTypeOf<ShutdownSignal>();
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  process.emit('SIGUSR2');
  assert.deepEqual([first.aborted, second.aborted], [false, true]);
  second[Symbol.dispose]();
  assert.equal((second.reason as Error).message, 'SIGUSR2 was received');
  // As far as it knows, the signal is still being dispatched.
  await turns(1);
  assert.deepEqual(listenersOn(process), before);
});

test('may be made again by whoever hears of the abort', () => {
  const signals = ['SIGUSR1'] as const;
  const first = shutdownSignal({ signals });
  let second: ShutdownSignal | undefined;
  first.addEventListener('abort', () => (second = shutdownSignal({ signals })));
  process.emit('SIGUSR1');
  // The same signal again repeats the request that the first one has heard.
  process.emit('SIGUSR1');
  assert.deepEqual([first.aborted, second?.aborted], [true, false]);
  first[Symbol.dispose]();
  second?.[Symbol.dispose]();
});

test('may be disposed by whoever hears that another one aborts', () => {
  const signals = ['SIGWINCH'] as const;
  const [first, second] = [shutdownSignal({ signals }), shutdownSignal({ signals })];
  first.addEventListener('abort', () => second[Symbol.dispose]());
  process.emit('SIGWINCH');
  assert.deepEqual([first.aborted, second.aborted], [true, false]);
  first[Symbol.dispose]();
});

test('is a signal that shows nothing more than others do', () => {
  const signal = shutdownSignal();
  assert.ok(signal instanceof AbortSignal);
  assert.deepEqual(Object.keys(signal), []);
  const { [Symbol.dispose]: dispose } = signal;
  dispose();
});

test('lets twenty listen without a warning (A15)', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const signal = shutdownSignal();
  for (let count = 0; count < 20; count += 1) signal.addEventListener('abort', () => {});
  await turns(3);
  stopCollecting();
  signal[Symbol.dispose]();
  assert.deepEqual(warnings, []);
});

test(
  'takes the Ctrl-C that npm passes on for the same one, and a later one for another',
  async () => {
    const { write, printed, ending } = await startAtTerminal();
    write(controlC);
    await printed(/^the next Ctrl-C is another one\r$/m);
    write(controlC);
    const { code, stdout } = await ending;
    assert.equal(code, 128 + 2);
    const lines = ['aborted: SIGINT was received', 'survived', 'the next Ctrl-C is another one'];
    // The terminal shows the key, too.
    const said = stdout
      .replaceAll(/\r|\^C/g, '')
      .trim()
      .split('\n');
    assert.deepEqual(said.slice(1), lines);
  },
  { needs: 'script' },
);

test(
  'lets a process on a terminal end by itself',
  async () => {
    const { write, printed, ending } = await startAtTerminal();
    write(controlC);
    await printed(/^the next Ctrl-C is another one\r$/m);
    write(controlD);
    assert.equal((await ending).code, 0);
  },
  { needs: 'script' },
);

const wanted = 'must be an array of signals that a process can catch';
const options = '"options" must be an object';
for (const [args, name, message] of [
  [[null], 'TypeError', `${options}, received null`],
  [['SIGINT'], 'TypeError', `${options}, received 'SIGINT'`],
  [[['SIGTERM']], 'TypeError', `${options} such as { signals: … }, received [ 'SIGTERM' ]`],
  [
    [{ signal: 'SIGINT' }],
    'TypeError',
    `${options} with no other keys than signals, endOnSecond, warnOfOthers, received 'signal'`,
  ],
  [[{ signals: 'SIGINT' }], 'TypeError', `"signals" ${wanted}, received 'SIGINT'`],
  [[{ signals: null }], 'TypeError', `"signals" ${wanted}, received null`],
  [[{ signals: ['SIGINT', 15] }], 'TypeError', `"signals" ${wanted}, received [ 'SIGINT', 15 ]`],
  [[{ signals: [] }], 'RangeError', `"signals" ${wanted}, at least one, received []`],
  [[{ signals: ['NONE'] }], 'RangeError', `"signals" ${wanted}, received [ 'NONE' ]`],
  [[{ signals: ['toString'] }], 'RangeError', `"signals" ${wanted}, received [ 'toString' ]`],
  [[{ signals: ['SIGKILL'] }], 'RangeError', `"signals" ${wanted}, received [ 'SIGKILL' ]`],
  [[{ signals: ['SIGSTOP'] }], 'RangeError', `"signals" ${wanted}, received [ 'SIGSTOP' ]`],
  [[{ signals: ['SIGPIPE'] }], 'RangeError', `"signals" ${wanted}, received [ 'SIGPIPE' ]`],
  [[{ signals: ['SIGSEGV'] }], 'RangeError', `"signals" ${wanted}, received [ 'SIGSEGV' ]`],
  [[{ endOnSecond: 'SIGINT' }], 'TypeError', `"endOnSecond" ${wanted}, received 'SIGINT'`],
  [[{ endOnSecond: ['NONE'] }], 'RangeError', `"endOnSecond" ${wanted}, received [ 'NONE' ]`],
  [
    [{ endOnSecond: ['SIGHUP'] }],
    'RangeError',
    `"endOnSecond" must be an array of some of "signals", received [ 'SIGHUP' ]`,
  ],
  [[{ warnOfOthers: 1 }], 'TypeError', '"warnOfOthers" must be a boolean, received 1'],
] as const) {
  test(`names what is wrong with ${inspect(args[0])}, and listens to nobody`, () => {
    const before = listenersOn(process);
    const shutdown = shutdownSignal as (...anything: readonly unknown[]) => unknown;
    const expected = { name, message: `Cannot wait for a shutdown: ${message}` };
    assert.throws(() => shutdown(...args), expected);
    assert.deepEqual(listenersOn(process), before);
  });
}

test('takes undefined for the default', () => {
  const signals = [
    shutdownSignal(undefined),
    shutdownSignal({ signals: undefined, endOnSecond: undefined, warnOfOthers: undefined }),
    shutdownSignal(),
  ];
  assert.equal(process.listenerCount('SIGTERM'), 1);
  for (const signal of signals) signal[Symbol.dispose]();
  assert.equal(process.listenerCount('SIGTERM'), 0);
});

test.run();
