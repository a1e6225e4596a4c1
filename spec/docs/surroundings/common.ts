/**
 * What the fragments of code in the pages leave out: what a reader has, or makes of the name. A
 * fragment sees what `net.ts` or `http.ts` exports, which have this in common, and what the package
 * exports. Nothing of it is run.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Worker } from 'node:cluster';
import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Express } from 'express';
import type { Server as SocketIoServer } from 'socket.io';
import type { WebSocketServer as AnyWebSocketServer } from 'ws';
import type { Serving, TaskGroup } from 'accept-loop';

export { AsyncLocalStorage } from 'node:async_hooks';
export { default as cluster } from 'node:cluster';
export { createSocket } from 'node:dgram';
export type { RemoteInfo } from 'node:dgram';
export { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
export { once } from 'node:events';
export type * as net from 'node:net';
export type { Socket } from 'node:net';
export { createInterface } from 'node:readline/promises';
export { setTimeout as delay } from 'node:timers/promises';
export { WebSocketServer } from 'ws';

// Of the package, or of Node.
export declare const signal: AbortSignal;
export declare const serving: Serving;
export declare const group: TaskGroup;
export declare const socket: Socket;
export declare const web: HttpServer;
export declare const metrics: HttpServer & { count: (name: string, error: unknown) => void };
export declare const webSocketServer: AnyWebSocketServer;
export declare const worker: Worker;
export declare const storage: AsyncLocalStorage<object>;

/** Of docs/examples/safe-concurrency.ts. */
export declare function safeConcurrency(options: { perTask: number }): {
  maxConnections: number;
  concurrency: number;
  maxQueued: number;
};

// Of frameworks.
export declare const app: Express;
export declare const io: SocketIoServer;

// Of the reader.
export declare const database: { end: () => Promise<void>; close: () => Promise<void> };
export declare const log: { error: (fields: object) => void };
export declare const sql: string;
export declare function query(sql: string, options: { signal: AbortSignal }): Promise<object[]>;
export declare function connect(): Promise<typeof database>;
export declare function startServers(group: TaskGroup): void;
export declare function workIsDone(): Promise<void>;
export declare function answer(line: string): Promise<string>;
export declare function answerAll(socket: Socket, signal: AbortSignal): Promise<void>;
export declare function sendHeartbeats(socket: Socket, signal: AbortSignal): Promise<void>;
export declare function render(
  url: string | undefined,
  options: { signal: AbortSignal },
): Promise<string>;
export declare function reply(
  socket: UdpSocket,
  message: Buffer,
  sender: RemoteInfo,
): Promise<void>;

/** A job that ends when it is told to. */
type Job<Result = void> = (options: { signal: AbortSignal }) => Promise<Result>;
export declare const refresh: Job;
export declare const measure: Job<number>;
export declare function runPublic(signal: AbortSignal): Promise<void>;
export declare function runMetrics(signal: AbortSignal): Promise<void>;
export declare function refreshCache(signal: AbortSignal): Promise<void>;
export declare const orders: { end: () => void };
export declare function workOff(queue: typeof orders): Promise<void>;
export declare function runServers(signal: AbortSignal): Promise<void>;
