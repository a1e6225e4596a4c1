/**
 * A server process on the API of Node: `server.ts tcp|http|http2 <way>`. Says "hello" on each
 * connection or to each request, and answers lines as `answerCosts` does.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { answerCosts } from './answer-costs.ts';
import { httpWays } from './http-ways.ts';
import { tcpWays } from './tcp-ways.ts';

const [, , protocol = '', way = ''] = process.argv;
let served = 0;

/** What both have, to say the last word. */
interface Endable {
  end(text: string): unknown;
}

function answer(peer: Endable): void {
  served += 1;
  peer.end('hello');
}

/** A server whose connections are taken in a way; the way goes on for good. */
function start(): Server {
  if (protocol === 'tcp' && way in tcpWays) {
    const server = createServer();
    void tcpWays[way as keyof typeof tcpWays](server, answer);
    return server;
  }
  if (protocol === 'http' && way in httpWays) {
    const server = createHttpServer();
    void httpWays[way as keyof typeof httpWays](server, answer);
    return server;
  }
  if (protocol === 'http2' && way in httpWays) {
    const server = createHttp2Server();
    void httpWays[way as keyof typeof httpWays](server as never, answer);
    return server;
  }
  throw new Error(`Cannot serve: no way ${way} for ${protocol}`);
}

const server = start();
await once(server.listen(0, '127.0.0.1'), 'listening');
await answerCosts((server.address() as AddressInfo).port, () => served);
