import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { LINGER_MS } from '../bounds.ts';
import { Census } from './census.ts';
import { harmless } from '../primitives/harmless.ts';
import { hear, unhear } from '../primitives/hear.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import { type IsBusy, Quiet } from '../protocols/quiet.ts';

/** The sockets that a server brings. In a shutdown, those that are silent are ended. */
export class SilentSockets {
  readonly #server: EventEmitter;
  readonly #event: string;
  readonly #open = new Census(() => {});
  readonly #owners: IsBusy[] = [];
  readonly #options = {
    quiet: Infinity,
    linger: LINGER_MS,
    isBusy: (socket: Socket): unknown => this.#askOwners(socket),
  };
  readonly #quiet: Quiet;

  constructor(server: EventEmitter, known: KnownServer) {
    this.#server = server;
    this.#event = known.connections.event;
    this.#quiet = new Quiet(this.#options, {
      open: () => this.#open.all as Iterable<Socket>,
      isClosed: () => known.isListening() !== true,
    });
    hear(server, this.#event, this.#add);
  }

  /** Adds a call of `drain`: the shortest `quiet` counts, and each `isBusy` is asked. */
  join(quiet: number, isBusy: IsBusy | undefined): void {
    this.#options.quiet = Math.min(this.#options.quiet, quiet);
    if (isBusy) this.#owners.push(isBusy);
  }

  begin(): void {
    this.#quiet.begin();
  }

  /** Forgets sockets that have gone. */
  sweep(): void {
    this.#open.sweep();
  }

  leave(): void {
    this.#quiet.stop();
    unhear(this.#server, this.#event, this.#add);
  }

  #askOwners(socket: Socket): unknown {
    for (const isBusy of this.#owners) {
      const answer = isBusy(socket);
      if (answer) return answer;
    }
    return false;
  }

  readonly #add = harmless((socket: Socket): void => {
    this.#quiet.follow(socket);
    this.#open.add(socket);
  });
}
