import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { certificate } from './certificate.ts';
import { askFor, openSession } from './drain-http2.ts';
import { FrameClient, frameTypes } from './http2-frames.ts';
import { get } from './http-messages.ts';
import { type Limit, limits } from './limits.ts';
import { connect, follow, tlsSocket } from './sockets.ts';

/** More bytes than the kernel's buffers hold for a client. */
export const BIG: Buffer = Buffer.alloc(32 << 20, 'x');

/** A client that has made a request and reads nothing. */
export interface NeverReader {
  /** Reads at last, and asserts that the answer was cut off. */
  readonly assertCut: () => Promise<void>;
}

/** A protocol with requests, and its clients. */
export interface RequestProtocol {
  readonly create: () => Server;
  /** Requests a path, and reads nothing of the answer. */
  readonly neverRead: (server: Server, path: string) => Promise<NeverReader>;
  /** Requests a path on a new connection, and reads the whole answer. */
  readonly ask: (server: Server, path: string) => Promise<string>;
  readonly cannot?: Limit;
}

const getOnce = (path: string): string =>
  get(path).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');

function neverReader(socket: Socket, ending: Promise<{ text: string }>): NeverReader {
  socket.pause();
  return {
    async assertCut() {
      socket.resume();
      const { text } = await ending;
      assert.ok(text.length < BIG.length, `${text.length} bytes have come`);
    },
  };
}

async function askOver(socket: Socket, path: string, ending = follow(socket)): Promise<string> {
  socket.write(getOnce(path));
  const { text } = await ending;
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}

export const requestProtocols: Readonly<Record<string, RequestProtocol>> = {
  http: {
    create: () => createServer(),
    async neverRead(server, path) {
      const { socket, ending } = await connect(server);
      socket.write(get(path));
      return neverReader(socket, ending);
    },
    async ask(server, path) {
      const { socket, ending } = await connect(server);
      return askOver(socket, path, ending);
    },
  },
  https: {
    create: () => createSecureServer(certificate),
    async neverRead(server, path) {
      const socket = tlsSocket(server);
      socket.write(get(path));
      return neverReader(socket, follow(socket));
    },
    ask: (server, path) => askOver(tlsSocket(server), path),
    cannot: limits.pausedTls,
  },
  h2c: {
    create: () => createHttp2Server() as object as Server,
    async neverRead(server, path) {
      // This client never enlarges its window.
      const client = new FrameClient(server);
      client.request(1, path);
      return {
        async assertCut() {
          const { payload } = await client.frame(({ type }) => type === frameTypes.reset);
          assert.notEqual(payload.readUInt32BE(0), 0);
          assert.equal(client.hasEnded(1), false);
        },
      };
    },
    async ask(server, path) {
      const { session, closed } = await openSession(server, 'http');
      const { body } = await askFor(session, path);
      session.close();
      await closed;
      return body;
    },
  },
};
