import { connect, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { sleep } from '../../storm/clock.ts';
import type { Visit } from '../plan.ts';
import type { Step } from '../script.ts';

/** Where a server is. */
export interface Where {
  readonly port: number;
  /** Of a Unix socket; empty where there is none. */
  readonly path: string;
}

/** What a client tells of its visit. */
export interface Account {
  port: number;
  received: number;
  /** `end`, `ECONNRESET`, …; `open` when it was left so. */
  how: string;
}

/** How long a step waits for bytes that may not come, in milliseconds. */
const WAIT_MS = 100;
/** What no answer follows for so long was the last of it, in milliseconds. */
const QUIET_MS = 100;

/** One client that takes its steps, and stays until the server ends it or somebody else does. */
export class Client {
  readonly account: Account = { port: 0, received: 0, how: 'open' };
  readonly #visit: Visit;
  readonly #where: Where;
  #socket: Socket | undefined;
  #heard = 0;
  #isReleased = false;
  #onChange = (): void => {};

  constructor(visit: Visit, where: Where) {
    this.#visit = visit;
    this.#where = where;
  }

  /** Takes all of its steps. Never rejects. */
  async take(): Promise<void> {
    await sleep(this.#visit.at);
    if (this.#isReleased) return;
    const socket = await this.#connect();
    for (const step of this.#visit.steps) {
      if (socket.destroyed) return;
      await this.#do(step, socket);
    }
  }

  /** Until it is over, or nothing has come for a while. */
  async quiet(): Promise<void> {
    for (let before = -1; before < this.account.received && this.account.how === 'open';) {
      before = this.account.received;
      await sleep(QUIET_MS);
    }
  }

  release(): void {
    this.#isReleased = true;
    this.#socket?.destroy();
  }

  async #connect(): Promise<Socket> {
    const { tls, alpn, allowHalfOpen } = this.#visit;
    const { port, path } = this.#where;
    const where = { ...(path === '' ? { port, host: '127.0.0.1' } : { path }), allowHalfOpen };
    const secure = { ALPNProtocols: [...alpn], rejectUnauthorized: false, servername: 'localhost' };
    const socket = tls ? connectSecure({ ...where, ...secure }) : connect(where);
    this.#socket = socket;
    this.#follow(socket);
    await new Promise<void>((resolve) => {
      socket.once(tls ? 'secureConnect' : 'connect', () => resolve());
      socket.once('close', () => resolve());
    });
    return socket;
  }

  #follow(socket: Socket): void {
    const { account } = this;
    socket.on('connect', () => (account.port = socket.localPort ?? 0));
    socket.on('data', (chunk: Buffer) => {
      account.received += chunk.length;
      this.#onChange();
    });
    socket.on('end', () => (account.how = 'end'));
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      account.how = code ?? message;
    });
    socket.on('close', () => {
      if (account.how === 'open' && !this.#isReleased) account.how = 'close';
      this.#onChange();
    });
  }

  async #do(step: Step, socket: Socket): Promise<void> {
    if (step.does === 'send') socket.write(step.bytes);
    else if (step.does === 'pause') await sleep(step.lasts);
    else if (step.does === 'end') socket.end();
    else if (step.does === 'deafen') socket.pause();
    else if (step.does === 'wait') await this.#hear(socket);
    else resetHard(socket);
  }

  async #hear(socket: Socket): Promise<void> {
    const isOver = (): boolean => this.account.received > this.#heard || socket.destroyed;
    if (!isOver()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, WAIT_MS);
        this.#onChange = () => {
          if (!isOver()) return;
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#heard = this.account.received;
  }
}

/** With RST where it has one: over TLS and Unix sockets Node has none. */
function resetHard(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy();
  }
}
