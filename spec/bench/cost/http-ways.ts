import type { Server, ServerResponse } from 'node:http';
import { acceptLoop, drain, serve } from 'accept-loop';
import gracefulShutdown from 'http-graceful-shutdown';
import { createHttpTerminator } from 'http-terminator';
import stoppable from 'stoppable';

/** Has each request of a server answered, as long as its process lives. */
type Way = (server: Server, answer: (response: ServerResponse) => void) => unknown;

/** The ways to take HTTP requests that are compared. */
export const httpWays = {
  bare(server, answer) {
    server.on('request', (_, response) => answer(response));
  },

  async acceptLoop(server, answer) {
    for await (const [, response] of acceptLoop(server)) answer(response);
  },

  serve: (server, answer) => serve(server, ([, response]) => answer(response)),

  drain(server, answer) {
    server.on('request', (_, response) => answer(response));
    return drain(server, { signal: new AbortController().signal });
  },
  'http-terminator'(server, answer) {
    server.on('request', (_, response) => answer(response));
    return createHttpTerminator({ server });
  },

  stoppable(server, answer) {
    server.on('request', (_, response) => answer(response));
    return stoppable(server);
  },

  'http-graceful-shutdown'(server, answer) {
    server.on('request', (_, response) => answer(response));
    return gracefulShutdown(server);
  },
} as const satisfies Record<string, Way>;
