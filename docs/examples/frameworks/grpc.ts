/**
 * `@grpc/grpc-js`. Its HTTP/2 server is private: Node's diagnostics channel tells of it when it
 * listens. On Ctrl-C or SIGTERM calls under way are answered, and a stream that does not end is cut
 * off and reported when grace is over.
 *
 *     PORT=8000 node grpc.ts
 */
// oxlint-disable no-console -- an example talks to who runs it
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:net';
import { Server as GrpcServer, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { drain, type DrainReport, shutdownSignal } from 'accept-loop';

/** As a generated file has it. */
const text = {
  requestStream: false,
  responseStream: false,
  requestSerialize: (value: string) => Buffer.from(value),
  requestDeserialize: String,
  responseSerialize: (value: string) => Buffer.from(value),
  responseDeserialize: String,
} as const;
const greeter = {
  hello: { path: '/Greeter/hello', ...text },
  slow: { path: '/Greeter/slow', ...text },
} satisfies ServiceDefinition;

const signal = shutdownSignal();
const grpc = new GrpcServer();
grpc.addService(greeter, {
  hello: (_call: unknown, callback: (error: null, answer: string) => void) => {
    callback(null, 'hello from gRPC');
  },
  slow: (_call: unknown, callback: (error: null, answer: string) => void) => {
    setTimeout(callback, 1000, null, 'slow hello from gRPC');
  },
});

const drains: Promise<DrainReport>[] = [];
const opened = 'tracing:net.server.listen:asyncStart';
function onListen(message: unknown): void {
  drains.push(drain((message as { server: Server }).server, { signal }));
}
subscribe(opened, onListen);
const address = `127.0.0.1:${process.env['PORT'] ?? 8000}`;
const port = await new Promise<number>((resolve, reject) => {
  grpc.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
    if (error) reject(error);
    else resolve(bound);
  });
});
unsubscribe(opened, onListen);
if (drains.length === 0) throw new Error('Cannot drain gRPC: nothing tells of its server here');
console.log(`listening on 127.0.0.1:${port}`);
const [report] = await Promise.all(drains);
console.log(report);
// What is left are its timers.
grpc.forceShutdown();
