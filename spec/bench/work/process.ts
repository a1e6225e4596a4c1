/**
 * Does what one load is, so many times, and ends: `process.ts <load> <way> <count>`. The client is in
 * this very process and does one thing after the other, so that each run takes the same steps.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { httpWays } from '../cost/http-ways.ts';
import { tcpWays } from '../cost/tcp-ways.ts';

const [, , load = '', way = '', count = ''] = process.argv;

const kept = 'GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: work\r\nAccept: */*\r\n\r\n';
const last = kept.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');

interface Endable {
  end(text: string): unknown;
}

const answer = (peer: Endable): void => void peer.end('hello');

async function visit(port: number): Promise<void> {
  await once(connect(port, '127.0.0.1').resume(), 'close');
}

async function askOnce(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1').resume();
  socket.write(last);
  await once(socket, 'close');
}

async function askAgain(socket: Socket): Promise<void> {
  socket.write(kept);
  await once(socket, 'data');
}

/** What is done for one, and before the first. */
async function clientOf(port: number): Promise<() => Promise<void>> {
  if (load === 'tcp') return () => visit(port);
  if (load === 'new') return () => askOnce(port);
  if (load === 'kept') {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return () => askAgain(socket);
  }
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  await once(session, 'connect');
  return async () => void (await once(session.request({ ':path': '/' }).resume(), 'close'));
}

const server: Server =
  load === 'tcp' ? createServer() : load === 'streams' ? createHttp2Server() : createHttpServer();
if (load === 'tcp') void tcpWays[way as keyof typeof tcpWays](server, answer);
else void httpWays[way as keyof typeof httpWays](server as never, answer);
await once(server.listen(0, '127.0.0.1'), 'listening');
const act = await clientOf((server.address() as AddressInfo).port);
for (let left = Number(count); left > 0; left -= 1) await act();
process.exit();
