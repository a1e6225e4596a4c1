/**
 * What somebody who has installed the package may write in TypeScript. Compiled, never run. A value
 * of type `any` would pass as anything: each kind is also assigned where it must not fit.
 */
import { EventEmitter } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { createServer as createSecure, type TLSSocket } from 'node:tls';
import { type AcceptLoop, acceptLoop, type AcceptLoopOptions } from 'accept-loop';

const stop = new AbortController();
const options: AcceptLoopOptions = { signal: stop.signal, maxQueued: 10 };

export async function sockets(): Promise<void> {
  await using loop = acceptLoop(createServer(), options);
  const typed: AcceptLoop<Socket> = loop;
  for await (const socket of typed) {
    const same: Socket = socket;
    // @ts-expect-error -- a socket is no request
    const other: IncomingMessage = socket;
    void [same, other];
  }
  const { accepted }: { accepted: number } = loop.stats;
  void accepted;
}

export async function secureSockets(): Promise<void> {
  for await (const socket of acceptLoop(createSecure(), stop.signal)) {
    const same: TLSSocket = socket;
    // @ts-expect-error -- nor is one of TLS
    const other: IncomingMessage = socket;
    void [same, other];
  }
}

export async function requests(): Promise<void> {
  for await (const [request, response] of acceptLoop(createHttp(), { signal: stop.signal })) {
    const same: [IncomingMessage, ServerResponse] = [request, response];
    // @ts-expect-error -- a request is no socket
    const other: Socket = request;
    void [same, other];
  }
}

export async function events(): Promise<void> {
  const emitter = new EventEmitter();
  for await (const [count] of acceptLoop<[count: number]>(emitter, { event: 'tick' })) {
    const same: number = count;
    // @ts-expect-error -- a number is no text
    const other: string = count;
    void [same, other];
  }
}

// @ts-expect-error -- a number of words is no number
acceptLoop(createServer(), { maxQueued: 'ten' });
// @ts-expect-error -- an emitter needs the name of its event
acceptLoop(new EventEmitter());
