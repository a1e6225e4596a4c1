import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { certificate } from './certificate.ts';
import { get } from './http-messages.ts';
import { type Client, connect, type Ending, follow, tlsSocket } from './sockets.ts';
import { turns, until } from './turns.ts';

/** A kind of server over TLS, and its clients. */
export interface SecureKind {
  readonly create: () => Server;
  /** The text that a client sends when its handshake is over. */
  readonly request: string;
  /** The event that the server emits for each connection or request. */
  readonly event: 'secureConnection' | 'request';
  readonly isHttp: boolean;
}

export const secureKinds: Readonly<Record<'TLS' | 'HTTPS', SecureKind>> = {
  TLS: {
    create: () => createServer(certificate),
    request: 'hello',
    event: 'secureConnection',
    isHttp: false,
  },
  HTTPS: {
    create: () => createHttpsServer(certificate),
    request: get('/'),
    event: 'request',
    isHttp: true,
  },
};

/** Answers a connection of either kind: a socket, or a request with its response. */
export function answer(connection: unknown): void {
  const [, response] = Array.isArray(connection) ? (connection as [unknown, ServerResponse]) : [];
  if (response) response.setHeader('connection', 'close').end('served');
  // If the socket was not read, the end of its input would never come.
  else (connection as TLSSocket).resume().end('served');
}

/** Clients of a server on a Unix socket. */
export interface UnixClients {
  /** Opens clients that finish their handshake and send a request. */
  readonly whole: (count: number) => Promise<Ending>[];
  /** Opens a client that sends the first bytes of a ClientHello. They have arrived. */
  readonly half: () => Promise<Client>;
  /** Opens a client that sends nothing, and waits until it is accepted. */
  readonly silent: () => Promise<Client>;
  /** How many clients the server has accepted. */
  readonly accepted: () => number;
}

/** @param server - No client has connected to it yet. */
export function unixClients(server: Server, path: string, { request }: SecureKind): UnixClients {
  let accepted = 0;
  server.on('connection', () => (accepted += 1));
  const silent = async (): Promise<Client> => {
    const before = accepted;
    const client = await connect(path);
    await until(() => accepted > before);
    return client;
  };
  return {
    whole: (count) =>
      Array.from({ length: count }, () => {
        const client = tlsSocket(path);
        client.write(request);
        return follow(client);
      }),
    async half() {
      const client = await silent();
      const hello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]);
      await new Promise((resolve) => client.socket.write(hello, resolve));
      // The bytes are in the kernel. The server reads them in one of its next turns.
      await turns(5);
      return client;
    },
    silent,
    accepted: () => accepted,
  };
}

/**
 * Calls `run` with the path for a Unix socket in a new folder, and removes the folder afterwards.
 */
export async function atUnixSocket(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  try {
    await run(join(folder, 'tls.sock'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Asserts that each client was answered, and that its connection ended in order. */
export async function assertServed(endings: readonly Promise<Ending>[]): Promise<void> {
  for (const { text, by } of await Promise.all(endings)) {
    assert.match(text, /served/, by);
    assert.equal(by, 'end');
  }
}
