import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { acceptLoop } from 'accept-loop';
import { listening } from './support/sockets.ts';
import { suite } from './support/suite.ts';

const test = suite('closing an HTTP server');

test("leaves the server's own properties as they were", async () => {
  for (const own of [{}, { closeIdleConnections() {} }]) {
    const server = Object.assign(await listening(createServer()), own);
    const before = Object.getOwnPropertyDescriptor(server, 'closeIdleConnections');
    await acceptLoop(server).return();
    assert.deepEqual(Object.getOwnPropertyDescriptor(server, 'closeIdleConnections'), before);
  }
});

test.run();
