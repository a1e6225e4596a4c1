import assert from 'node:assert/strict';
import { drain } from '../../../lib/index.ts';
import { listening } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { turns, until } from '../../support/turns.ts';
import { servers } from './conversations.ts';

const test = suite('a server that is drained again when it is over');

for (const [name, create] of Object.entries(servers)) {
  test(`says 'close' no second time (${name})`, async () => {
    const server = await listening(create());
    let closes = 0;
    server.on('close', () => (closes += 1));
    await drain(server, { idle: 0 });
    await until(() => closes > 0);
    const { finished, forced } = await drain(server, { idle: 0 });
    await turns(5);
    assert.deepEqual([finished, forced, closes], [0, 0, 1]);
  });
}

test.run();
