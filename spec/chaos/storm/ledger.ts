import type { EventEmitter } from 'node:events';
import { now } from './clock.ts';

/** The server's side of one request. */
export interface Entry {
  readonly handledAt: number;
  /** When the handler had said all that it had to say. */
  answeredAt?: number;
}

/** What a handler fails with on purpose. */
export class Misbehaviour extends Error {}

/** What happens in the server of one round, as its own listeners and handlers see it. */
export class Ledger {
  readonly begunAt: number = now();
  readonly events: [at: number, text: string][] = [];
  /** How many times the server has brought a connection of its kind. */
  brought = 0;
  /** How many times a handler was called. */
  calls = 0;
  readonly entries = new Map<string, Entry>();
  /** The clients' ports of the sockets that the server has accepted. */
  readonly ports = new Set<number>();
  /** Those whose TLS handshake was over, as the server saw it. */
  readonly securePorts = new Set<number>();
  /** Those of connections whose handler threw at once. */
  readonly thrownPorts = new Set<number>();
  readonly thrown = new Map<Misbehaviour, number>();
  readonly reported: unknown[] = [];
  /** Uploads in which a byte was not right. */
  readonly corrupt: string[] = [];
  readonly open = new Map<EventEmitter & { destroy(): void }, number>();
  /** The ports of those that were open when the owner ended all for the last time. */
  readonly razedPorts = new Set<number>();

  /** Resolves when the first client has come. */
  readonly arrival: Promise<void>;
  #arrive = (): void => {};

  constructor() {
    this.arrival = new Promise((resolve) => (this.#arrive = resolve));
  }

  note(text: string): void {
    this.events.push([now(), text]);
  }

  accept(socket: EventEmitter & { destroy(): void; remotePort?: number | undefined }): void {
    const { remotePort } = socket;
    if (remotePort !== undefined) this.ports.add(remotePort);
    this.open.set(socket, remotePort ?? 0);
    this.#arrive();
    socket.once('close', () => this.open.delete(socket));
    this.note(`accepts ${remotePort ?? 'a socket'}`);
  }

  handle(key: string, action: string): void {
    this.entries.set(key, { handledAt: now() });
    this.note(`handles ${key}: ${action}`);
  }

  answered(key: string): void {
    const entry = this.entries.get(key);
    if (entry) entry.answeredAt = now();
    this.note(`has answered ${key}`);
  }

  /** What a handler throws. */
  misbehave(text: string): Misbehaviour {
    return this.fail(new Misbehaviour(text));
  }

  fail(error: Misbehaviour): Misbehaviour {
    this.thrown.set(error, now());
    this.note(`fails: ${error.message}`);
    return error;
  }
}
