import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expectTypeOf } from 'expect-type';
import type { ListenWhere } from '../lib/listening/where.ts';
import { type SystemdSocket, systemdSockets } from '../lib/systemd-sockets.ts';
import { limits } from './support/limits.ts';
import { killPrograms, type Program, startProgram, watch } from './support/programs.ts';
import { connect, readToEnd } from './support/sockets.ts';
import { scriptCommand, spawnNode } from './support/spawn-script.ts';
import { suite } from './support/suite.ts';

const test = suite('systemdSockets', { timeout: 20_000 });

const names = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES'] as const;
const own = String(process.pid);

type Variables = Partial<Record<(typeof names)[number], string>>;

/** Calls it with these variables and no others. */
function socketsWith(variables: Variables): SystemdSocket[] {
  const before = names.map((name) => [name, process.env[name]] as const);
  try {
    for (const name of names) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, variables);
    return systemdSockets();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

test.after.each(killPrograms);

test('gives the descriptors from 3 on, with their names', () => {
  const sockets = socketsWith({ LISTEN_FDS: '3', LISTEN_PID: own, LISTEN_FDNAMES: 'web:admin:' });
  assert.deepEqual(sockets, [
    { fd: 3, name: 'web' },
    { fd: 4, name: 'admin' },
    { fd: 5, name: '' },
  ]);
  expectTypeOf(sockets).items.toExtend<ListenWhere>();
});

test("names them 'unknown' when there are no names, as systemd does", () => {
  assert.deepEqual(socketsWith({ LISTEN_FDS: '2', LISTEN_PID: own }), [
    { fd: 3, name: 'unknown' },
    { fd: 4, name: 'unknown' },
  ]);
});

test('may be called again', () => {
  const variables = { LISTEN_FDS: '1', LISTEN_PID: own };
  assert.deepEqual(socketsWith(variables), socketsWith(variables));
});

for (const [what, variables] of [
  ['no variables', {}],
  ['no LISTEN_PID', { LISTEN_FDS: '1' }],
  ['no LISTEN_FDS', { LISTEN_PID: own }],
  ['the LISTEN_PID of another process', { LISTEN_FDS: '1', LISTEN_PID: '1' }],
  ['what is malformed for another process', { LISTEN_FDS: 'x', LISTEN_PID: '1' }],
  ['no sockets', { LISTEN_FDS: '0', LISTEN_PID: own }],
  ['names of no sockets', { LISTEN_FDS: '0', LISTEN_PID: own, LISTEN_FDNAMES: '' }],
] as const) {
  test(`gives none with ${what}`, () => {
    assert.deepEqual(socketsWith(variables), []);
  });
}

const count = 'LISTEN_FDS must be a whole number from 0 to 1048576, received';
const pid = 'LISTEN_PID must be a whole number of 1 or more, received';
const name = 'LISTEN_FDNAMES must have as many names as LISTEN_FDS says,';
for (const [variables, message] of [
  [{ LISTEN_FDS: 'x', LISTEN_PID: own }, `${count} 'x'`],
  [{ LISTEN_FDS: '', LISTEN_PID: own }, `${count} ''`],
  [{ LISTEN_FDS: '-1', LISTEN_PID: own }, `${count} '-1'`],
  [{ LISTEN_FDS: '1.5', LISTEN_PID: own }, `${count} '1.5'`],
  [{ LISTEN_FDS: '1e1', LISTEN_PID: own }, `${count} '1e1'`],
  [{ LISTEN_FDS: '1048577', LISTEN_PID: own }, `${count} '1048577'`],
  [{ LISTEN_FDS: '1', LISTEN_PID: 'x' }, `${pid} 'x'`],
  [{ LISTEN_FDS: '1', LISTEN_PID: '' }, `${pid} ''`],
  [{ LISTEN_FDS: '1', LISTEN_PID: '0' }, `${pid} '0'`],
  [{ LISTEN_FDS: '1', LISTEN_PID: '-1' }, `${pid} '-1'`],
  [{ LISTEN_FDS: '1', LISTEN_PID: `${own}.0` }, `${pid} '${own}.0'`],
  [{ LISTEN_FDS: '2', LISTEN_PID: own, LISTEN_FDNAMES: 'web' }, `${name} 2, received 'web'`],
  [{ LISTEN_FDS: '1', LISTEN_PID: own, LISTEN_FDNAMES: 'a:b' }, `${name} 1, received 'a:b'`],
] as const) {
  test(`throws for ${JSON.stringify(variables).replaceAll(own, '<pid>')}`, () => {
    const expected = `Cannot take the sockets of systemd: ${message}`;
    assert.throws(() => socketsWith(variables), { name: 'Error', message: expected });
  });
}

/** The command that runs the inheriting server under this runtime. */
function inheritingServer(kind: string): string[] {
  return [...scriptCommand('spec/fixtures/inherited-server.ts'), kind];
}

interface Inheriting extends Program {
  readonly ports: readonly number[];
  readonly sockets: readonly SystemdSocket[];
}

async function startInheriting(
  how: 'exec' | 'wrapper',
  kind: 'net' | 'http',
  fdNames?: string,
): Promise<Inheriting> {
  const args = [how, '2', ...inheritingServer(kind)];
  const env = { LISTEN_FDNAMES: fdNames };
  const program = watch(spawnNode('spec/fixtures/socket-parent.ts', { args, env }));
  const [, ports = ''] = await program.printed(/^ports (.*)$/m);
  const [, sockets = ''] = await program.printed(/^sockets (.*)$/m);
  return {
    ...program,
    ports: ports.split(' ').map(Number),
    sockets: JSON.parse(sockets) as SystemdSocket[],
  };
}

test(
  'gives sockets that a parent has opened, on which clients are served',
  async () => {
    const { ports, sockets, end, ending } = await startInheriting('exec', 'net', 'web:admin');
    assert.deepEqual(sockets, [
      { fd: 3, name: 'web' },
      { fd: 4, name: 'admin' },
    ]);
    const clients = await Promise.all(ports.map((port) => connect(port)));
    const texts = await Promise.all(clients.map((client) => client.ending));
    assert.deepEqual(
      texts.map((ended) => ended.text),
      ['web', 'admin'],
    );
    end();
    const { code, stderr } = await ending;
    assert.deepEqual([code, stderr], [0, '']);
  },
  { needs: 'bash' },
);

test(
  'gives sockets on which an HTTP server answers',
  async () => {
    const { ports, end, ending } = await startInheriting('exec', 'http');
    for (const port of ports) {
      const body = await new Promise<string>((resolve, reject) => {
        const options = { port, agent: false };
        get(options, (response) => resolve(text(response))).on('error', reject);
      });
      assert.equal(body, 'unknown');
    }
    end();
    const { code, stderr } = await ending;
    assert.deepEqual([code, stderr], [0, '']);
  },
  { needs: 'bash', cannot: limits.inheritedHttp },
);

test(
  'gives none behind a wrapper that waits for its child, as npm start does',
  async () => {
    const { sockets, end, ending } = await startInheriting('wrapper', 'net');
    assert.deepEqual(sockets, []);
    end();
    assert.equal((await ending).code, 0);
  },
  { needs: 'bash' },
);

test(
  "gives systemd's own, whose file stays when the server closes",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
    const path = join(folder, 'activated.sock');
    const options = [`--listen=${path}`, '--fdname=web'];
    const program = startProgram('systemd-socket-activate', [
      ...options,
      ...inheritingServer('net'),
    ]);
    // Its word that it listens.
    if (program.child.stderr) await once(program.child.stderr, 'data');
    // The first client starts the server.
    assert.equal((await readToEnd(path)).text, 'web');
    await program.printed(/^sockets \[\{"fd":3,"name":"web"\}\]$/m);
    program.end();
    assert.equal((await program.ending).code, 0);
    assert.equal(existsSync(path), true);
    await rm(folder, { recursive: true });
  },
  { needs: 'systemd-socket-activate' },
);

test.run();
