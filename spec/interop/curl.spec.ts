import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { text } from 'node:stream/consumers';
import { type AcceptLoop, acceptLoop } from 'accept-loop';
import { killPrograms, type Program, startProgram } from '../support/programs.ts';
import { listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

const test = suite('curl', { timeout: 30_000 });
test.after.each(killPrograms);

const needs = { needs: 'curl' };
const half = 'one line of thirty-two letters..'.repeat(32_768);

function curl(...args: string[]): Program {
  // The environment may name a proxy.
  return startProgram('curl', ['--silent', '--show-error', '--noproxy', '*', ...args]);
}

function at(server: Parameters<typeof portOf>[0], path = '/'): string {
  return `http://127.0.0.1:${portOf(server)}${path}`;
}

async function exchange<Exchange>(loop: AcceptLoop<Exchange>): Promise<Exchange> {
  const { value } = await loop.next();
  return value ?? assert.fail('nothing yielded');
}

/** Waits until the client has got what was written so far. */
function flushed(response: ServerResponse, chunk: string): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

test(
  'makes two requests on one connection',
  async () => {
    const server = await listening(createServer());
    const loop = acceptLoop(server);
    const format = ['--write-out', '%{num_connects} '];
    const { ending } = curl(at(server, '/1'), at(server, '/2'), ...format);
    for (const path of ['/1', '/2']) {
      const [request, response] = await exchange(loop);
      assert.equal(request.url, path);
      response.end(`${path} `);
    }
    const { code, stdout } = await ending;
    assert.deepEqual([code, stdout], [0, '/1 1 /2 0 ']);
    await loop.return();
  },
  needs,
);

test(
  'gets the whole of a response that is under way at the abort',
  async () => {
    const server = await listening(createServer());
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const { printed, ending } = curl(at(server));
    const [, response] = await exchange(loop);
    await flushed(response, half);
    await printed(/one line/);
    stop.abort();
    assert.equal((await loop.next()).done, true);
    response.end(half);
    const { code, stdout, stderr } = await ending;
    assert.deepEqual([code, stderr], [0, '']);
    assert.ok(stdout === half + half, `${stdout.length} bytes came`);
  },
  needs,
);

test(
  'is told by a response that begins after the abort that it is the last',
  async () => {
    const server = await listening(createServer());
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const { ending } = curl('--include', at(server));
    const [, response] = await exchange(loop);
    stop.abort();
    assert.equal((await loop.next()).done, true);
    response.end(half);
    const { code, stdout } = await ending;
    assert.equal(code, 0);
    assert.match(stdout, /^connection: close\r$/im);
    assert.ok(stdout.endsWith(half), `${stdout.length} bytes came`);
  },
  needs,
);

test(
  'gets an answer to an upload that is under way at the abort',
  async () => {
    const server = await listening(createServer());
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const { write, end, ending } = curl('--upload-file', '-', '--header', 'Expect:', at(server));
    write(half);
    const [request, response] = await exchange(loop);
    stop.abort();
    end(half);
    const body = await text(request);
    assert.ok(body === half + half, `${body.length} bytes came`);
    response.end('thank you');
    const { code, stdout } = await ending;
    assert.deepEqual([code, stdout], [0, 'thank you']);
    assert.equal((await loop.next()).done, true);
  },
  needs,
);

test(
  'gets the whole of a response over HTTP/2 that is under way at the abort',
  async () => {
    const server = await listening(createHttp2());
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const { printed, ending } = curl('--http2-prior-knowledge', at(server));
    const [, response] = await exchange(loop);
    response.write(half);
    await printed(/one line/);
    stop.abort();
    assert.equal((await loop.next()).done, true);
    response.end(half);
    const { code, stdout, stderr } = await ending;
    assert.deepEqual([code, stderr], [0, '']);
    assert.ok(stdout === half + half, `${stdout.length} bytes came`);
  },
  needs,
);

test.run();
