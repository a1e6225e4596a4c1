/**
 * hapi 21. On Ctrl-C or SIGTERM its listener is drained. Only then the server is stopped, so its
 * `onPostStop` extensions run after the last request.
 *
 *     PORT=8000 node hapi.ts
 *     curl http://127.0.0.1:8000/slow
 */
// oxlint-disable no-console -- an example writes to the terminal
import { setTimeout as delay } from 'node:timers/promises';
import { server as createServer } from '@hapi/hapi';
import { drain, shutdownSignal } from 'accept-loop';

const signal = shutdownSignal();
const server = createServer({ port: Number(process.env['PORT'] ?? 8000), host: '127.0.0.1' });
server.route([
  { method: 'GET', path: '/', handler: () => 'hello from hapi\n' },
  {
    method: 'GET',
    path: '/slow',
    async handler() {
      await delay(1000);
      return 'slow hello from hapi\n';
    },
  },
]);
server.ext('onPostStop', () => console.log('onPostStop: nobody needs the database any more'));

// `drain` comes after start(): if the listener is closed before it is bound, start() never settles.
await server.start();
const drained = drain(server.listener, { signal });
console.log(`listening on 127.0.0.1:${server.info.port}`);
console.log(await drained);
await server.stop();
