import type { Server, Socket } from 'node:net';
import type { ServeContext } from 'accept-loop';

export * from './common.ts';
export { createServer } from 'node:net';
export declare const server: Server;
export declare function handle(socket: Socket): Promise<void>;
export declare function handler(socket: Socket, context: ServeContext): Promise<void>;
