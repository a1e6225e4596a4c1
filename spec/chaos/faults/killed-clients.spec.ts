import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { Server, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Readable, type Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { serve, type Serving } from '../../../lib/index.ts';
import { certificate } from '../../support/certificate.ts';
import { listenersOn } from '../../support/listeners.ts';
import { killPrograms, watch } from '../../support/programs.ts';
import { assertReport, assertStats } from '../../support/report.ts';
import { listening, portOf } from '../../support/sockets.ts';
import { spawnNode } from '../../support/spawn-script.ts';
import { suite } from '../../support/suite.ts';
import { until } from '../../support/turns.ts';
import { kinds, prepared } from './conversations.ts';

const test = suite('clients killed in the middle of everything', { timeout: 30_000 });
test.after.each(killPrograms);

/** Of each of the twelve stages. */
const count = 9;

/** More than the kernel holds for a client that does not read. */
function* plenty(): Generator<Buffer> {
  for (let piece = 0; piece < 64; piece += 1) yield Buffer.alloc(2 ** 18);
}

async function handleSocket(socket: Socket): Promise<void> {
  for await (const chunk of socket) {
    const wants = String(chunk) === 'download';
    if (wants) return pipeline(Readable.from(plenty()), socket as Duplex);
    socket.write(chunk as Buffer);
  }
}

async function handleRequest([request, response]: [
  IncomingMessage,
  ServerResponse,
]): Promise<void> {
  if (request.url === '/download') return pipeline(Readable.from(plenty()), response);
  response.write('hello');
  for await (const chunk of request) response.write(chunk);
  response.end();
}

interface Served {
  readonly server: Server;
  readonly serving: Serving;
  readonly before: Record<string, number>;
}

async function serveAll(): Promise<Record<string, Served>> {
  const opened = {
    net: await kinds.net.open(),
    // With allowHalfOpen, Node holds who has left within the handshake until handshakeTimeout.
    tls: await listening(createTlsServer(certificate)),
    http: await kinds.http.open(),
    http2: await listening(prepared(createHttp2Server())),
    WebSocket: await kinds.WebSocket.open(),
  };
  const handlers: Record<string, unknown> = {
    net: handleSocket,
    tls: handleSocket,
    http: handleRequest,
    http2: handleRequest,
    WebSocket: kinds.WebSocket.echo,
  };
  // Room for who is to be served; of the flood behind them some wait, and some are refused.
  const limits = { concurrency: 3 * count + 2, maxQueued: 20 };
  const options = { ...limits, idle: 50, grace: 20_000, onError: assert.ifError };
  const served = Object.entries(opened).map(([name, server]) => {
    const before = listenersOn(server);
    const serving = serve(server, handlers[name] as never, options);
    return [name, { server, serving, before }] as const;
  });
  return Object.fromEntries(served);
}

/** Brings clients to every stage, and kills them once some wait and some were refused. */
async function killClients(served: Record<string, Served>, whenReady: () => void): Promise<void> {
  const ports = Object.entries(served).map(([name, { server }]) => [name, portOf(server)]);
  const args = [JSON.stringify(Object.fromEntries(ports)), String(count)];
  const clients = watch(spawnNode('spec/chaos/fixtures/doomed-clients.ts', { args }));
  await clients.printed(/^ready$/m);
  const { stats } = served['net']?.serving ?? assert.fail();
  assert.ok(stats.active >= 3 * count, JSON.stringify(stats));
  await until(() => {
    const { queued, shed } = served['net']?.serving.stats ?? assert.fail();
    return queued > 0 && shed > 0;
  });
  whenReady();
  clients.child.kill('SIGKILL');
  assert.equal((await clients.ending).signal, 'SIGKILL');
}

async function assertStopped(served: Record<string, Served>): Promise<void> {
  const late = delay(3000, 'late', { ref: false });
  for (const [name, { server, serving, before }] of Object.entries(served)) {
    const report = await Promise.race([serving.stop(), late]);
    if (typeof report === 'string') assert.fail(`${name} ${JSON.stringify(serving.stats)}`);
    assertReport(report);
    assertStats(serving.stats);
    assert.deepEqual([report.forced, report.discarded, report.stragglers], [0, 0, []], name);
    if (server.listenerCount('close') > 0) await once(server, 'close');
    assert.deepEqual(listenersOn(server), before, name);
  }
}

test('are noticed: their slots are free, others are served, and nothing is left', async () => {
  const served = await serveAll();
  await killClients(served, () => {});
  await until(() =>
    Object.values(served).every(({ serving: { stats } }) => {
      return stats.active === 0 && stats.queued === 0;
    }),
  );
  for (const name of ['net', 'tls', 'http', 'WebSocket'] as const) {
    const conversation = await kinds[name].converse(portOf(served[name]?.server as Server));
    await conversation.say('is somebody there?');
    await conversation.hangUp();
  }
  await assertStopped(served);
});

test('while all is going down hold nothing until grace', async () => {
  const served = await serveAll();
  await killClients(served, () => {
    for (const { serving } of Object.values(served)) void serving.stop();
  });
  await assertStopped(served);
});

test.run();
