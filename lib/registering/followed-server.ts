import type { EventEmitter } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { OwnedServer } from '../accepting/owned-server.ts';
import type { Draining } from '../draining/draining.ts';
import { drainingOf } from '../draining/draining-of.ts';
import { attemptOf } from '../primitives/hear.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import { addressText } from './stop-report.ts';

/** A listening server of this process. Its connections are followed, and nothing else is done. */
export class FollowedServer {
  /** `'http'`, `'net'` and so on. */
  readonly name: string;
  /** `'127.0.0.1:8000'`, or the path of a socket. */
  readonly address: string | undefined;
  readonly draining: Draining;
  readonly #server: EventEmitter;
  readonly #known: KnownServer;

  constructor(server: EventEmitter, known: KnownServer) {
    this.#server = server;
    this.#known = known;
    this.name = known.name;
    this.address = attemptOf(server, 'address', () => addressOf((server as Server).address()));
    this.draining = drainingOf(server, known);
  }

  get isListening(): boolean {
    return this.#known.isListening() === true;
  }

  /** Whether the program has called `drain`, `serve` or `acceptLoop` for this server. */
  get isStoppedByProgram(): boolean {
    return this.draining.isJoined || OwnedServer.isInUse(this.#server);
  }
}

function addressOf(address: AddressInfo | string | null): string | undefined {
  if (address === null || typeof address === 'string') return address ?? undefined;
  return addressText(address.address, address.port);
}
