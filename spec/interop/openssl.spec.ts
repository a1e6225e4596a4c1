import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { acceptLoop } from 'accept-loop';
import { certificate } from '../support/certificate.ts';
import { killPrograms, type Program, startProgram } from '../support/programs.ts';
import { listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

const test = suite('openssl s_client');

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  await writeFile(join(folder, 'certificate.pem'), certificate.cert);
});
test.after(() => rm(folder, { recursive: true }));
test.after.each(killPrograms);

/** A client that reads to the server's end and verifies who that is. */
function client(server: Server, ...options: string[]): Program {
  const verified = ['-CAfile', join(folder, 'certificate.pem'), '-verify_return_error'];
  const where = ['-connect', `127.0.0.1:${portOf(server)}`, '-servername', 'localhost'];
  return startProgram('openssl', ['s_client', '-quiet', ...where, ...verified, ...options]);
}

async function echoLine(socket: Socket): Promise<void> {
  for await (const line of socket.iterator({ destroyOnReturn: false })) {
    socket.end(line);
    break;
  }
  socket.resume();
}

for (const version of ['-tls1_2', '-tls1_3']) {
  test(
    `gets an answer over ${version.slice(1)}`,
    async () => {
      const server = await listening(createServer(certificate));
      const loop = acceptLoop(server);
      const { write, ending } = client(server, version);
      write('hello\n');
      const { value } = await loop.next();
      await echoLine(value ?? assert.fail('nothing yielded'));
      const { code, stdout } = await ending;
      assert.deepEqual([code, stdout], [0, 'hello\n']);
      await loop.return();
    },
    { needs: 'openssl' },
  );
}

test(
  'gets its whole answer when the server stops before it has said a word',
  async () => {
    const server = await listening(createServer(certificate));
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const { write, ending } = client(server);
    const { value } = await loop.next();
    const socket = value ?? assert.fail('nothing yielded');
    stop.abort();
    assert.equal((await loop.next()).done, true);
    assert.equal(server.listening, false);
    write('a word\n');
    await echoLine(socket);
    const { code, stdout } = await ending;
    assert.deepEqual([code, stdout], [0, 'a word\n']);
  },
  { needs: 'openssl' },
);

test.run();
