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

/** A kind of server over TLS, and how its connections are answered. */
export interface SecureKind {
  readonly create: () => Server;
  /** What a client says when its handshake is over. */
  readonly request: string;
  /** What the server has for each connection or request. */
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
  // Unread, the end of its input would never come.
  else (connection as TLSSocket).resume().end('served');
}

/** Clients of a server on a Unix socket. */
export interface UnixClients {
  /** Each of them ends its handshake, and asks. */
  readonly whole: (count: number) => Promise<Ending>[];
  /** One that sends the first bytes of a ClientHello, which have arrived. */
  readonly half: () => Promise<Client>;
  /** One that sends nothing, and is accepted. */
  readonly silent: () => Promise<Client>;
  /** How many the server has accepted. */
  readonly accepted: () => number;
}

/** @param server - One that nobody listens to yet. */
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
      // The kernel has it: the server's next look brings it.
      await turns(5);
      return client;
    },
    silent,
    accepted: () => accepted,
  };
}

/** Has a server listen to a path in a folder of its own, which is gone afterwards. */
export async function atUnixSocket(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  try {
    await run(join(folder, 'tls.sock'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Asserts that each of them was answered. */
export async function assertServed(endings: readonly Promise<Ending>[]): Promise<void> {
  for (const { text, by } of await Promise.all(endings)) {
    assert.match(text, /served/, by);
    assert.equal(by, 'end');
  }
}
