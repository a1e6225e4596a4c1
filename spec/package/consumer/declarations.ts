/**
 * The declarations as they are used, in words that TypeScript 5.2 has. Compiled with each version
 * of the compiler and of Node's types that is supported, never run.
 */
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import * as net from 'node:net';
import type * as tls from 'node:tls';
import {
  type AcceptLoop,
  acceptLoop,
  type ConnectionOf,
  delaySignal,
  drain,
  listen,
  serve,
  shutdownSignal,
  systemdSockets,
  taskGroup,
} from 'accept-loop';

declare global {
  /** As the types of a polyfill for iterator helpers do. */
  interface AsyncIteratorObject<T, TReturn, TNext> {
    helper(value: TNext): T | TReturn;
  }
}

class Request extends http.IncomingMessage {
  readonly user = 'alice';
}
class Response extends http.ServerResponse<Request> {
  json(value: unknown): void {
    this.end(JSON.stringify(value));
  }
}
const classes = { IncomingMessage: Request, ServerResponse: Response };

/** Of mutual assignment alone `any` would make nothing. */
type Same<One, Other> = [One, Other, 0 extends 1 & One ? 'any' : ''] extends [Other, One, '']
  ? true
  : false;
type Exchange = [request: http2.Http2ServerRequest, response: http2.Http2ServerResponse];
type Own = [request: Request, response: Response];

/** Neither `never` nor `any`, and the classes of the server's owner. */
export const kinds: [
  Same<ConnectionOf<net.Server>, net.Socket>,
  Same<ConnectionOf<tls.Server>, tls.TLSSocket>,
  Same<ConnectionOf<http2.Http2Server>, Exchange>,
  Same<ConnectionOf<http2.Http2SecureServer>, Exchange>,
  Same<ConnectionOf<http.Server<typeof Request, typeof Response>>, Own>,
  Same<ConnectionOf<https.Server<typeof Request, typeof Response>>, Own>,
  Same<ConnectionOf<object>, never>,
] = [true, true, true, true, true, true, true];

export async function main(): Promise<void> {
  const signal = delaySignal(shutdownSignal(), 5000);
  const server = await listen(net.createServer(), { port: 80, host: '::' }, signal);
  for await (const socket of acceptLoop(server, { signal })) {
    const same: net.Socket = socket;
    // @ts-expect-error -- a socket is no request
    const other: http.IncomingMessage = socket;
    void [same, other];
  }
  const loop: AcceptLoop<net.Socket> = acceptLoop(net.createServer());
  const iterators: [AsyncIterableIterator<net.Socket>, AsyncIterator<net.Socket>] = [loop, loop];
  // oxlint-disable-next-line typescript/no-unnecessary-type-arguments -- Before 5.6 it has none.
  const object: AsyncIteratorObject<net.Socket, undefined, unknown> = loop;
  const helped: net.Socket | undefined = loop.helper('anything');
  const iterable: AsyncIterable<net.Socket> & AsyncDisposable = loop;
  void [object, helped, iterable];
  const { done, value } = await loop.next();
  if (!done) value.end();
  serve(http.createServer(classes), ([request, response]) => response.json(request.user));
  serve(https.createServer(classes), ([request, response]) => response.json(request.user));
  const serving = serve(http2.createServer(), ([, response]) => void response.end());
  await serving.stop({ grace: 1000 });
  await listen(http.createServer(), systemdSockets()[0] ?? net.createServer());
  await drain(http.createServer(), { signal });
  await taskGroup(({ run }) => run(async () => iterators), { signal });
}
