import { suite } from './support/suite.ts';
import { Told } from './support/throwing-owners.ts';
import { meetServers } from './support/throwing-servers.ts';

const test = suite("a server's method or getter that throws", { timeout: 20_000 });

const ofEmitters = ['on', 'off', 'prependListener', 'listenerCount', 'close'];
const ofServers = [...ofEmitters, 'listening', 'getConnections'];
const ofHttp = [
  ...ofServers,
  'closeIdleConnections',
  'closeAllConnections',
  'headersTimeout',
  'requestTimeout',
];
const ofWebSockets = [...ofEmitters, 'address', 'clients', 'options'];

const told = new Told();
test.before(() => told.begin());
test.after(() => told.end());

for (const [kind, names] of Object.entries({
  net: ofServers,
  tls: ofServers,
  http: ofHttp,
  https: ofHttp,
  h2c: ofServers,
  h2: ofServers,
  'HTTP/1 beside h2': ofServers,
  'a WebSocketServer on http': ofWebSockets,
  'a WebSocketServer with a port': ofWebSockets,
})) {
  test(`costs that server alone, and is told of: ${kind}`, () => meetServers(kind, names, told));
}

test.run();
