import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { ServeContext } from 'accept-loop';

export * from './common.ts';
export { createServer } from 'node:http';
export declare const server: Server;
export declare function handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
export declare function handler(
  exchange: readonly [IncomingMessage, ServerResponse],
  context: ServeContext,
): Promise<void>;
