/**
 * `@grpc/grpc-js`. Its HTTP/2 server is private. One of Node's diagnostics channels passes it to
 * this program when it listens. On Ctrl-C or SIGTERM calls under way are answered. A stream that
 * does not end is cut off and reported when grace is over.
 *
 *     PORT=8000 node grpc.ts
 */
// oxlint-disable no-console -- an example writes to the terminal
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:net';
import { Server as GrpcServer, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { drain, type DrainReport, shutdownSignal } from 'accept-loop';

/** The same fields as in generated code. */
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
// Ends the timers of grpc-js. The server has been drained.
grpc.forceShutdown();
