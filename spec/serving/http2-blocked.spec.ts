import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSession, createServer, type ServerHttp2Stream } from 'node:http2';
import { connect, createServer as createProxy, type Socket } from 'node:net';
import { serve } from 'accept-loop';
import { limits } from '../support/limits.ts';
import { gate } from '../support/scene.ts';
import { closeServer, listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { sleep, until } from '../support/turns.ts';

const test = suite('serve of HTTP/2 streams behind a client that reads slowly');

/** More than the kernel takes from a server whose client does not read. */
const large = Buffer.alloc(40 << 20);
const widest = 2 ** 31 - 1;

/** A way to a server that reads a megabyte of its answers, and then nothing until it is told to. */
async function slowProxy(
  port: number,
): Promise<{ port: number; resume: () => void; end: () => void }> {
  const sockets: Socket[] = [];
  const proxy = createProxy((client) => {
    const server = connect(port, '127.0.0.1');
    sockets.push(client, server);
    client.pipe(server);
    let read = 0;
    server.on('data', (chunk: Buffer) => {
      client.write(chunk);
      const before = read;
      read += chunk.length;
      if (before <= 1e6 && read > 1e6) server.pause();
    });
    for (const socket of [client, server]) socket.on('error', () => {});
  });
  await listening(proxy);
  return {
    port: portOf(proxy),
    resume: () => sockets[1]?.resume(),
    end() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}

test(
  'does not cut an answer whose last frame waits behind those of others',
  async () => {
    const server = createServer();
    const { opened, open } = gate();
    const { opened: ended, open: end } = gate();
    let small: ServerHttp2Stream | undefined;
    const handler = async ([stream, headers]: [ServerHttp2Stream, Record<string, unknown>]) => {
      stream.resume();
      if (headers[':path'] === '/large') {
        stream.respond({ ':status': 200 });
        stream.write(large);
        return ended;
      }
      small = stream;
      await once(stream, 'end');
      await opened;
      stream.respond({ ':status': 200 });
      stream.end();
    };
    const serving = serve(server, handler as never, { event: 'stream', linger: 60_000 });
    await listening(server);
    const proxy = await slowProxy(portOf(server));
    const session = connectSession(`http://127.0.0.1:${proxy.port}`, {
      settings: { initialWindowSize: widest },
    });
    session.on('error', () => {});
    await once(session, 'connect');
    session.setLocalWindowSize(widest);
    const asked = session.request({ ':path': '/small' });
    const answered = once(asked, 'response');
    asked.resume();
    await until(() => small !== undefined);
    const big = session.request({ ':path': '/large' });
    big.on('error', () => {}).resume();
    await once(big, 'response');
    // The kernel and Node take what they can.
    await sleep(300);
    open();
    await until(() => small?.writableFinished === true);
    assert.equal(small?.readableEnded, true);
    // The shutdown looks at all connections at once, and several times a second.
    const stopped = serving.stop({ grace: 60_000 });
    await sleep(500);
    proxy.resume();
    const [headers] = await answered;
    assert.equal((headers as Record<string, unknown>)[':status'], 200);
    end();
    void serving.stop({ grace: 0 });
    await stopped;
    session.destroy();
    proxy.end();
    if (server.listening) await closeServer(server);
  },
  { cannot: limits.pausedSessions },
);

test.run();
