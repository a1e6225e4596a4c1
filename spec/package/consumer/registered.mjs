// A program that is started with `--import accept-loop/register`, and drains one of its two servers
// by itself: both are stopped by one and the same copy of the package.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { drain, shutdownSignal } from 'accept-loop';

const [own, other] = [createServer(), createServer()];
for (const server of [own, other]) await once(server.listen(0, '127.0.0.1'), 'listening');
const drained = drain(own, { signal: shutdownSignal() });
process.kill(process.pid, 'SIGTERM');
await drained;
process.stdout.write('drained by itself\n');
