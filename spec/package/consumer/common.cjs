// The same in CommonJS.
const { connect, createServer } = require('node:net');
const { text } = require('node:stream/consumers');
const { acceptLoop } = require('accept-loop');

async function main() {
  const server = createServer();
  server.listen(0, '127.0.0.1', async () => {
    const answer = await text(connect(server.address().port, '127.0.0.1'));
    process.stdout.write(answer);
  });
  for await (const socket of acceptLoop(server)) {
    socket.end('hello from CommonJS\n');
    break;
  }
}

void main();
