import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { drain } from 'accept-loop';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocket, WebSocketServer } from 'ws';
import { gate } from '../support/scene.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('graphql-ws');

interface Asking {
  readonly client: Client;
  /** The close code. */
  readonly code: Promise<number>;
}

function connect(port: number): Asking {
  const client = createClient({
    url: `ws://127.0.0.1:${port}`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    // It stays open when its last query is answered.
    lazy: false,
    onNonLazyError() {},
  });
  const code = new Promise<number>((resolve) => {
    client.on('closed', (event) => resolve((event as { code: number }).code));
  });
  return { client, code };
}

/** All that a query or a subscription brings. */
async function all({ client }: Asking, query: string): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const { data } of client.iterate({ query })) results.push(data);
  return results;
}

test('gets the answer of a query, and the parts of a subscription, and is told 1001', async () => {
  const { opened, open } = gate();
  let asked = 0;
  const wait = async (): Promise<void> => {
    asked += 1;
    await opened;
  };
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      fields: {
        slow: {
          type: GraphQLString,
          async resolve() {
            await wait();
            return 'answer';
          },
        },
      },
    }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        parts: {
          type: GraphQLString,
          async *subscribe() {
            yield { parts: 'first' };
            await wait();
            yield { parts: 'second' };
            yield { parts: 'third' };
          },
        },
      },
    }),
  });
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const handling = useServer({ schema }, server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, idle: 800 });
  const [queries, subscribes] = [connect(port), connect(port)];
  const results = [all(queries, '{ slow }'), all(subscribes, 'subscription { parts }')];
  await until(() => asked === 2);
  stop.abort();
  await until(() => server.address() === null);
  open();
  assert.deepEqual(await Promise.all(results), [
    [{ slow: 'answer' }],
    [{ parts: 'first' }, { parts: 'second' }, { parts: 'third' }],
  ]);
  assert.deepEqual([await queries.code, await subscribes.code], [1001, 1001]);
  const { finished, forced } = await drained;
  assert.deepEqual([finished, forced], [2, 0]);
  // As docs/frameworks.md says: it closes the server once more.
  await assert.rejects(async () => handling.dispose(), /server is not running/);
});

test.run();
