import assert from 'node:assert/strict';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { drainScene } from '../../support/drain-scene.ts';
import { type HttpKind, httpKinds, say } from '../../support/http-kinds.ts';
import { answersIn, saysClose } from '../../support/http-messages.ts';
import {
  type Answers,
  answersTo,
  askBare,
  type Bare,
  echo,
  lasting,
  listenToAllElse,
  paths,
  sayings,
} from '../../support/http-versions.ts';
import { limits } from '../../support/limits.ts';
import { loopScene } from '../../support/loop-scene.ts';
import { connectionsOf, gate } from '../../support/scene.ts';
import { assertCounts } from '../../support/serve-counts.ts';
import { serveScene } from '../../support/serve-scene.ts';
import { suite } from '../../support/suite.ts';
import { turns, until } from '../../support/turns.ts';

const test = suite('a client that writes another HTTP version');

type Exchange = [request: IncomingMessage, response: ServerResponse];

interface Case {
  readonly name: string;
  readonly kind: HttpKind;
  readonly create: () => Server;
  /** The bare server's answers. It is asked once. */
  readonly bare: () => Promise<Bare>;
}

function makeCase(name: string, kind: HttpKind, prepare: (server: Server) => void): Case {
  const create = (): Server => {
    const server = kind.create();
    prepare(server);
    return server;
  };
  let asked: Promise<Bare> | undefined;
  const bare = (): Promise<Bare> => (asked ??= askBare(create(), kind));
  return { name, kind, create, bare };
}

/** Each kind alone, and once with owner's listeners for upgrades, `CONNECT` and `Expect`. */
const cases = Object.entries(httpKinds).flatMap(([name, kind]) => {
  const alone = makeCase(name, kind, () => {});
  if (name !== 'http') return [alone];
  return [alone, makeCase(`${name} with listeners for all else`, kind, listenToAllElse)];
});

async function assertNextIsServed(server: Server, { isSecure }: HttpKind): Promise<void> {
  const words = 'GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const { text } = await say(server, isSecure, words).ending;
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*GET \/next 1\.1 $/);
}

function countServed(answers: Answers): number {
  return Object.values(answers).filter((answer) => answer.startsWith('HTTP/1.1 200')).length;
}

/** Waits until a server has no more than so many connections: others are about to be closed. */
async function untilOpen(server: Server, count: number): Promise<void> {
  while ((await connectionsOf(server)) > count) await turns(1);
  await turns(2);
}

/** The last answer of a connection says so, and none before it. */
function assertToldOfTheEnd(answers: Answers): void {
  for (const [name, answer] of Object.entries(answers)) {
    const told = answersIn(answer)
      .filter((each) => each.startsWith('HTTP/1.1 200'))
      .map((each) => saysClose(each));
    const expected = told.map((_, index) => index === told.length - 1);
    assert.deepEqual(told, expected, `${name}: ${answer}`);
  }
}

for (const { name, kind, create, bare } of cases) {
  const cannot = kind.isSecure ? limits.refusalsOverTls : [];

  test(
    `is answered by serve of ${name} as by a bare server`,
    async () => {
      const { begun, requests } = await bare();
      const { server, end } = await serveScene(create(), async ([request, response]: Exchange) => {
        await echo(request, response);
      });
      assert.deepEqual(await answersTo(server, kind, sayings(paths.begun, 'close')), begun);
      await assertNextIsServed(server, kind);
      assertCounts(await end(), { accepted: requests + 1, completed: requests + 1 });
    },
    { cannot },
  );

  test(
    `is answered by the consumer of acceptLoop of ${name}, too`,
    async () => {
      const { begun, requests } = await bare();
      const { server, end } = await loopScene(create(), ([request, response]: Exchange) =>
        echo(request, response),
      );
      assert.deepEqual(await answersTo(server, kind, sayings(paths.begun, 'close')), begun);
      await assertNextIsServed(server, kind);
      const { accepted, yielded } = await end();
      assert.deepEqual({ accepted, yielded }, { accepted: requests + 1, yielded: requests + 1 });
    },
    { cannot },
  );

  test(
    `reads to its end an answer that is on its way when ${name} is drained`,
    async () => {
      const { begun, held, requests } = await bare();
      const { opened, open } = gate();
      let count = 0;
      const unbound = create();
      unbound.on('request', (request, response) => {
        void echo(request, response, () => {
          count += 1;
          return opened;
        });
      });
      const { server, stop, over } = await drainScene(unbound);
      const ask = (path: string): Promise<Answers> =>
        answersTo(server, kind, sayings(path, 'keep-alive'));
      const heard = Promise.all([ask(paths.begun), ask(paths.held)]);
      await until(() => count === requests * 2);
      await untilOpen(server, countServed(begun) + countServed(held));
      stop.abort();
      await until(() => !server.listening);
      open();
      const [afterBegun, afterHeld] = await heard;
      assert.deepEqual(lasting(afterBegun), lasting(begun));
      assert.deepEqual(lasting(afterHeld), lasting(held));
      assertToldOfTheEnd(afterHeld);
      assert.equal((await over()).forced, 0);
    },
    { cannot },
  );
}

test.run();
