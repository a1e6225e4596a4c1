/**
 * Makes spans from the diagnostics channels, as a tracing library would: one for each connection,
 * and one for the shutdown. The code of the server does not change for it.
 *
 *     PORT=8000 node tracing.ts
 *     echo hello | nc -N 127.0.0.1 8000; echo fail | nc -N 127.0.0.1 8000
 */
// oxlint-disable no-console -- an example writes to the terminal
import { subscribe } from 'node:diagnostics_channel';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type AcceptMessage, type DrainMessage, type EndMessage } from 'accept-loop';
import { type ErrorMessage, listen, serve, type ShedMessage, shutdownSignal } from 'accept-loop';

/** The error of a connection, until the connection closes. */
const troubles = new WeakMap<object, string>();

/** Begins a span. @returns A function that ends it. */
function beginSpan(name: string): (status: string) => void {
  const begun = performance.now();
  return (status) =>
    console.log(`span ${name} ${Math.round(performance.now() - begun)} ms ${status}`);
}

subscribe('accept-loop:accept', (message) => {
  const socket = (message as AcceptMessage).connection as Socket;
  const end = beginSpan(`connection ${socket.remoteAddress}:${socket.remotePort}`);
  socket.once('close', () => end(troubles.get(socket) ?? socket.errored?.message ?? 'ok'));
});
subscribe('accept-loop:shed', (message) => {
  troubles.set((message as ShedMessage).connection as Socket, 'shed');
});
subscribe('accept-loop:error', (message) => {
  const { connection, error } = message as ErrorMessage;
  // Errors of the server itself have no connection.
  if (connection) troubles.set(connection, `error ${(error as Error).message}`);
});
subscribe('accept-loop:drain', (message) => {
  const { reason, server } = message as DrainMessage;
  const end = beginSpan(`shutdown (${(reason as Error).message})`);
  subscribe('accept-loop:end', (last) => {
    const { stats } = last as EndMessage;
    if ((last as EndMessage).server !== server || !('accepted' in stats)) return;
    end(`${stats.accepted} accepted`);
  });
});

const signal = shutdownSignal();
const where = { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' };
const server = await listen(createServer({ allowHalfOpen: true }), where);
const answer = async (socket: Socket): Promise<void> => {
  const word = (await text(socket)).trim();
  if (word === 'fail') throw new Error('as you wish');
  socket.write(`you said ${word}\n`);
};
const limits = { concurrency: 10, maxQueued: 10 };
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
// `onError` does nothing, because the channel reports the errors.
const serving = serve(server, answer, { signal, ...limits, onError: () => {} });
await serving.finished;
