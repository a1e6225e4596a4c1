import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type ErrorMessage, serve } from '../../../lib/index.ts';
import { suite } from '../../support/suite.ts';
import { until } from '../../support/turns.ts';
import { kinds } from './conversations.ts';

const test = suite('errors of a server that is served');

for (const [name, { open }] of Object.entries(kinds)) {
  test(`are published, each of them, within the turn in which the first ends it (${name})`, async () => {
    const server = await open();
    const errors: unknown[] = [];
    const onError = (message: unknown): void => {
      if ((message as ErrorMessage).server === server) errors.push((message as ErrorMessage).error);
    };
    subscribe('accept-loop:error', onError);
    let closes = 0;
    server.on('close', () => (closes += 1));
    const serving = serve(server, () => {}, { idle: 0 });
    const faults = [new Error('first'), new Error('second')];
    for (const fault of faults) server.emit('error', fault);
    await assert.rejects(serving.finished, (error) => error === faults[0]);
    await until(() => closes > 0);
    unsubscribe('accept-loop:error', onError);
    assert.deepEqual(errors, faults);
  });
}

test.run();
