/**
 * hapi 21. On Ctrl-C or SIGTERM its listener is drained, and only then the server is stopped: its
 * `onPostStop` extensions run after the last request.
 *
 *     PORT=8000 node hapi.ts
 *     curl http://127.0.0.1:8000/slow
 */
// oxlint-disable no-console -- an example talks to who runs it
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

// Of a listener that is closed before it is bound, start() never settles: it is drained after it.
await server.start();
const drained = drain(server.listener, { signal });
console.log(`listening on 127.0.0.1:${server.info.port}`);
console.log(await drained);
await server.stop();
