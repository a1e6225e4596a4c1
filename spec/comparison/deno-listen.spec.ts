import assert from 'node:assert/strict';
import { limits } from '../support/limits.ts';
import { stallUntilQueued } from '../support/accept-queue.ts';
import { burstClient } from '../support/burst-client.ts';
import { connect } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns } from '../support/turns.ts';

/** What is used of Deno's own API. */
interface DenoApi {
  listen(options: { port: number; hostname: string }): Listener;
}
interface Listener extends AsyncIterable<{ close(): void }> {
  readonly addr: { port: number };
  close(): void;
}

// What README says of it.
const test = suite('Deno.listen');

function listen(): Listener {
  const deno = Reflect.get(globalThis, 'Deno') as DenoApi;
  return deno.listen({ port: 0, hostname: '127.0.0.1' });
}

test(
  'ends when it is closed, while connections live',
  async () => {
    const listener = listen();
    const client = await connect(listener.addr.port);
    for await (const connection of listener) {
      listener.close();
      setTimeout(() => connection.close(), 50);
    }
    await client.ending;
  },
  { cannot: limits.denoListen },
);

test(
  'is closed by a break',
  async () => {
    const listener = listen();
    const client = await connect(listener.addr.port);
    for await (const connection of listener) {
      connection.close();
      break;
    }
    await client.ending;
    assert.throws(() => listener.close());
  },
  { cannot: limits.denoListen },
);

test(
  'resets who waits when it is closed',
  async () => {
    const client = await burstClient();
    const listener = listen();
    const outcomes = client.burst(listener.addr.port, 50);
    await turns(1);
    stallUntilQueued(listener.addr.port, 50);
    listener.close();
    assert.equal((await outcomes).reset, 50);
    await client.stop();
  },
  { cannot: limits.denoListen },
);

test.run();
