import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { certificate } from '../../support/certificate.ts';
import type {
  ConnectionAccount,
  Errand,
  Outcome,
  VisitAccount,
  WantAccount,
} from '../storm/account.ts';
import { now, sleep } from '../storm/clock.ts';
import { type Draw, drawFrom } from '../storm/draw.ts';
import { isSecure, type Kind, type Visit, type Want } from '../storm/plan.ts';

/** One visit under way, and its account. */
export class Trip {
  readonly visit: Visit;
  readonly kind: Kind;
  readonly errand: Errand;
  readonly draw: Draw;
  readonly account: VisitAccount;
  readonly #cancels = new Set<() => void>();

  constructor(errand: Errand, visit: Visit, index: number) {
    this.errand = errand;
    this.kind = errand.kind as Kind;
    this.visit = visit;
    this.draw = drawFrom(visit.seed);
    const wants = visit.wants.map(({ key }): WantAccount => ({
      key,
      outcome: 'unsent',
      connection: -1,
      isAfterLast: false,
      askedAt: 0,
      saysClose: false,
      endedAt: 0,
    }));
    this.account = { index, wants, connections: [], diary: [], checked: 0, hung: false };
  }

  /** Makes the visit, for as long as patience lasts. */
  async make(visitor: (trip: Trip) => Promise<void>): Promise<void> {
    await sleep(this.visit.at);
    const timer = setTimeout(() => {
      this.note('has lost patience');
      this.account.hung = true;
      for (const cancel of this.#cancels) cancel();
    }, this.errand.patience);
    try {
      await visitor(this);
    } catch (error) {
      this.account.error = String((error as Error).stack);
    }
    clearTimeout(timer);
  }

  note(text: string): void {
    this.account.diary.push([now(), text]);
  }

  /** What ends a connection when patience is over. */
  onImpatience(cancel: () => void): void {
    this.#cancels.add(cancel);
  }

  /** Told at each request, when all of it has been written. */
  asks(want: Want): void {
    const account = this.accountOf(want);
    account.connection = this.account.connections.length - 1;
    account.askedAt = now();
    this.note(`asks ${want.key}: ${want.action}`);
  }

  conclude(want: Want, outcome: Outcome): void {
    const account = this.accountOf(want);
    account.outcome = this.account.hung ? 'hung' : outcome;
    account.endedAt = now();
    if (outcome === 'whole') this.account.checked += want.size;
    this.note(`${want.key} (${want.action}, ${want.size}): ${account.outcome}`);
  }

  accountOf({ key }: Want): WantAccount {
    const account = this.account.wants.find((candidate) => candidate.key === key);
    if (account === undefined) throw new Error(`Nobody wants ${key}`);
    return account;
  }

  /** A connection, after its handshake if it has one: of that `secureConnect` tells. */
  connect({ isRaw = false, protocol = '', allowHalfOpen = false } = {}): Socket {
    const { port, path } = this.errand;
    const where = { ...(path === '' ? { port, host: '127.0.0.1' } : { path }), allowHalfOpen };
    const isPlain = isRaw || !isSecure(this.kind);
    const ALPNProtocols = protocol === '' ? [] : [protocol];
    const secure = { ca: certificate.cert, servername: 'localhost', ALPNProtocols };
    const socket = isPlain ? connectSocket(where) : connectSecure({ ...where, ...secure });
    this.#follow(socket);
    return socket;
  }

  /** The account of the last connection. */
  get connection(): ConnectionAccount | undefined {
    return this.account.connections.at(-1);
  }

  #follow(socket: Socket): void {
    const account = { openedAt: now(), port: 0, connectedAt: 0, endedAt: 0, how: '' };
    const number = this.account.connections.push(account);
    this.onImpatience(() => socket.destroy());
    socket.on('connect', () => {
      account.connectedAt = now();
      account.port = socket.localPort ?? 0;
      this.note(`connection ${number} is open, from ${account.port}`);
    });
    socket.on('end', () => (account.how ||= 'end'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      account.how ||= error.code ?? error.message;
      account.endedAt = now();
    });
    socket.on('close', () => {
      account.endedAt = now();
      account.how ||= 'ours';
      this.note(`connection ${number} is over: ${account.how}`);
    });
  }
}

/** Whether a connection was not made because nobody listens. */
export const isRefused = (account: ConnectionAccount | undefined): boolean =>
  account?.connectedAt === 0 && ['ECONNREFUSED', 'ENOENT'].includes(account.how);

export async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

/** Writes in odd pieces, with pauses. */
export async function writeInPieces(socket: Socket, bytes: Buffer, draw: Draw): Promise<void> {
  let rest = bytes;
  while (rest.length > 0 && !socket.destroyed) {
    const length = Math.min(rest.length, draw.oneOf([1, 7, 100, 5000, 30_000]));
    socket.write(rest.subarray(0, length));
    rest = rest.subarray(length);
    if (draw.chance(0.3)) await sleep(draw.between(1, 12));
  }
}

/** Reads no faster than so. */
export function readSlowly(socket: Socket): void {
  socket.on('data', () => {
    socket.pause();
    setTimeout(() => socket.resume(), 4);
  });
}
