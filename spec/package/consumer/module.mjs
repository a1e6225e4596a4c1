// An ESM program of somebody who has installed the package: talks to itself once.
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { acceptLoop } from 'accept-loop';

const server = createServer();
server.listen(0, '127.0.0.1', async () => {
  const answer = await text(connect(server.address().port, '127.0.0.1'));
  process.stdout.write(answer);
});
for await (const socket of acceptLoop(server)) {
  socket.end('hello from a module\n');
  break;
}
