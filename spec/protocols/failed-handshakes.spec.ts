import assert from 'node:assert/strict';
import { createServer } from 'node:tls';
import { acceptLoop, serve } from 'accept-loop';
import { certificate } from '../support/certificate.ts';
import { listenersOn } from '../support/listeners.ts';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

const test = suite('a TLS handshake that takes too long');

for (const way of ['acceptLoop', 'serve'] as const) {
  test(`is ended at the server's handshakeTimeout, while it listens: ${way} (A46, B47)`, async () => {
    const server = await listening(createServer({ ...certificate, handshakeTimeout: 100 }));
    const before = listenersOn(server);
    const closed = new Promise((resolve) => server.once('close', resolve));
    const running =
      way === 'serve' ? serve(server, () => assert.fail('was handled')) : acceptLoop(server);
    const { ending } = await connect(server);
    await ending;
    assert.equal(server.listening, true);
    await running[Symbol.asyncDispose]();
    await closed;
    assert.deepEqual(listenersOn(server), before);
  });
}

test.run();
