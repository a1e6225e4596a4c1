import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import type { ServeReport } from 'accept-loop';
import { askForStream, eventModes, type Outcome, streamScene } from '../support/http2-events.ts';
import { type Limit, limits } from '../support/limits.ts';
import { gate } from '../support/scene.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('serve of HTTP/2 by event');

const failure = new Error('a bug');

function writeHalf(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 });
  stream.write('half');
}

interface Case {
  readonly title: string;
  /** @param read - Resolves when the client has read something. */
  readonly serve: (stream: ServerHttp2Stream, read: Promise<void>) => unknown;
  readonly outcome: Omit<Outcome, 'code'>;
  readonly counts: Partial<ServeReport>;
  readonly errors?: readonly unknown[];
  readonly options?: { readonly linger: number; readonly flush: number };
  readonly cannot?: Limit;
}

const long = 'whole '.repeat(100_000);

const cases: readonly Case[] = [
  {
    title: 'tells the client of half an answer whose handler fails',
    async serve(stream, read) {
      writeHalf(stream);
      await read;
      throw failure;
    },
    outcome: { body: 'half', isWhole: false },
    counts: { failed: 1 },
    errors: [failure],
  },
  {
    title: 'tells the client when its handler fails before the answer',
    serve() {
      throw failure;
    },
    outcome: { body: '', isWhole: false },
    counts: { failed: 1 },
    errors: [failure],
  },
  {
    title: 'lets an answer arrive whose handler resolves at once',
    serve(stream) {
      stream.respond({ ':status': 200 });
      stream.end(long);
    },
    outcome: { body: long, isWhole: true },
    counts: { completed: 1 },
  },
  {
    title: 'tells the client when its handler resolves and has written nothing',
    serve() {},
    outcome: { body: '', isWhole: false },
    counts: { completed: 1 },
    // A stream has ended then, and a session waits for its streams.
    options: { linger: 20, flush: 20 },
    cannot: limits.unansweredStreams,
  },
];

/** The counts of a report that are not 0, but for `accepted`. */
function countsIn({ stragglers: _stragglers, accepted: _accepted, ...counts }: ServeReport) {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

for (const mode of eventModes) {
  for (const { title, serve, outcome, counts, errors = [], options, cannot } of cases) {
    test(
      `${title} (${mode.title})`,
      async () => {
        const { opened, open } = gate();
        const scene = await streamScene(mode, (stream) => serve(stream, opened), options);
        const client = await askForStream(scene.server, mode);
        client.stream.once('data', () => open());
        const { code: _code, ...seen } = await client.outcome;
        assert.deepEqual(seen, outcome);
        client.session.close();
        await client.closed;
        const report = await scene.end();
        assert.deepEqual(countsIn(report), counts);
        assert.deepEqual(report.stragglers, []);
        assert.deepEqual(scene.errors, errors);
      },
      mode.event === 'session' || !cannot ? {} : { cannot },
    );
  }

  for (const begin of [writeHalf, undefined]) {
    const what = begin ? 'half an answer' : 'a stream without an answer';
    test(`tells the client at grace of ${what} (${mode.title})`, async () => {
      const scene = await streamScene(
        mode,
        async (stream, { signal }) => {
          begin?.(stream);
          await once(signal, 'abort');
        },
        { grace: 60 },
      );
      const client = await askForStream(scene.server, mode);
      await until(() => scene.serving.stats.active === 1);
      if (begin) await once(client.stream, 'data');
      const report = await scene.end();
      const { body, isWhole } = await client.outcome;
      assert.deepEqual({ body, isWhole }, { body: begin ? 'half' : '', isWhole: false });
      await client.closed;
      assert.deepEqual(countsIn(report), { forced: 1 });
      assert.equal(report.stragglers.length, 1);
    });
  }
}

test.run();
