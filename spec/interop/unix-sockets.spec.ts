import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptLoop } from 'accept-loop';
import { killPrograms, startProgram } from '../support/programs.ts';
import { suite } from '../support/suite.ts';

const test = suite('Unix sockets');

let folder: string;
let path: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  path = join(folder, 'server.sock');
});
test.after(() => rm(folder, { recursive: true }));
test.after.each(killPrograms);

async function listeningAt<AnyServer extends Server>(server: AnyServer): Promise<AnyServer> {
  server.listen(path);
  await once(server, 'listening');
  return server;
}

test(
  'serve curl, whose response is under way at the abort',
  async () => {
    const server = await listeningAt(createHttp());
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const where = ['--unix-socket', path, 'http://localhost/hello'];
    const { ending } = startProgram('curl', ['--silent', '--show-error', ...where]);
    const { value } = await loop.next();
    const [request, response] = value ?? assert.fail('nothing yielded');
    response.write('you asked ');
    stop.abort();
    assert.equal((await loop.next()).done, true);
    assert.equal(existsSync(path), false);
    response.end(`for ${request.url}`);
    const { code, stdout, stderr } = await ending;
    assert.deepEqual([code, stdout, stderr], [0, 'you asked for /hello', '']);
  },
  { needs: 'curl' },
);

test(
  'serve nc, which ends its side after the abort',
  async () => {
    const server = await listeningAt(createServer({ allowHalfOpen: true }));
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const { write, end, printed, ending } = startProgram('nc', ['-N', '-U', path]);
    const { value } = await loop.next();
    const socket = value ?? assert.fail('nothing yielded');
    socket.pipe(socket);
    write('before ');
    await printed(/before/);
    stop.abort();
    assert.equal((await loop.next()).done, true);
    assert.equal(existsSync(path), false);
    end('after');
    const { code, stdout } = await ending;
    assert.deepEqual([code, stdout], [0, 'before after']);
  },
  { needs: 'nc' },
);

test.run();
