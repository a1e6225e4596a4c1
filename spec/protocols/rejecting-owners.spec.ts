import { limits } from '../support/limits.ts';
import { suite } from '../support/suite.ts';
import {
  first,
  meetOwners,
  type Owned,
  second,
  served,
  Told,
  words,
} from '../support/throwing-owners.ts';

const test = suite("an owner's async method that rejects", { timeout: 20_000 });

const { net, tls, http, http2, ws } = served;

const ofSockets = words('destroy end resume pause resetAndDestroy destroySoon');
const ofResponses = words('writeHead end');

const everyOwned: Readonly<Record<string, Owned>> = {
  'a socket': { ...net, pick: first, names: ofSockets },
  'a TLS socket': { ...tls, pick: first, names: ofSockets },
  'a socket under HTTP': { ...http, event: 'connection', pick: first, names: ofSockets },
  'a response': { ...http, pick: second, names: ofResponses },
  'an HTTP/2 session': {
    ...http2,
    event: 'session',
    pick: first,
    names: words('close goaway ping destroy'),
  },
  'an HTTP/2 stream': { ...http2, event: 'stream', pick: first, names: ['destroy'] },
  'a response of HTTP/2': { ...http2, pick: second, names: ofResponses },
  'a WebSocket': { ...ws, pick: first, names: words('close terminate pause resume') },
};

const told = new Told();
test.before(() => told.begin());
test.after(() => told.end());

for (const [name, owned] of Object.entries(everyOwned)) {
  const title = `costs nothing, and is told of: ${name}`;
  const cannot = owned.kind === 'h2c' ? limits.goawayMeetsStream : [];
  test(title, () => meetOwners(name, { ...owned, areAsync: true }, told), { cannot });
}

test.run();
