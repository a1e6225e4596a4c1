/**
 * What the fragments of docs/frameworks.md leave out: the objects of each framework, of which this
 * checks nothing but what the package is given.
 */
import type { RequestListener } from 'node:http';
import type { ConnectionServer } from 'accept-loop';

export * from './common.ts';
export { createServer, type Server } from 'node:http';

// Most of these packages are not installed here.
// oxlint-disable-next-line typescript/no-explicit-any
type Foreign = any;

export declare const app: Foreign;
export declare const server: Foreign;
export declare const proxy: Foreign;
export declare const library: { close: () => Promise<void> };
export declare const typeDefs: string;
export declare const resolvers: object;
export declare const schema: object;
export declare const router: object;
export declare const middleware: RequestListener;
export declare const broker: Foreign;
export declare const drains: Promise<unknown>[];
export declare const transports: ReadonlyMap<string, Foreign>;
export declare function bind(): Promise<void>;
export declare function next(options: object): Foreign;
export declare function useServer(options: object, server: ConnectionServer): Foreign;
export declare function createHTTPHandler(options: object): RequestListener;
export declare class ApolloServer {
  constructor(options: object);
  start(): Promise<void>;
  stop(): Promise<void>;
}
