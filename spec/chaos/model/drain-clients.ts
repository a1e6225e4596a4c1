import type { FakeServer } from './fake-server.ts';
import { FakeSocket } from './fake-socket.ts';

const traits = { hasReset: true, allowHalfOpen: false };

/** The clients of a server that is drained. */
export class DrainClients {
  /** Those that came while `drain` was looking, in order. */
  readonly sockets: FakeSocket[] = [];
  /** Those that were there before. */
  readonly strangers: FakeSocket[] = [];
  readonly #server: FakeServer;

  constructor(server: FakeServer) {
    this.#server = server;
  }

  addStrangers(count: number): void {
    for (let added = 0; added < count; added += 1) this.strangers.push(this.#connect());
  }

  arrive(): boolean {
    if (!this.#server.listening) return false;
    this.sockets.push(this.#connect());
    return true;
  }

  depart(choice: number, how: 'reset' | 'halfClose'): boolean {
    const open = [...this.sockets, ...this.strangers].filter(({ destroyed }) => !destroyed);
    open[choice % Math.max(1, open.length)]?.[how]();
    return open.length > 0;
  }

  #connect(): FakeSocket {
    const socket = new FakeSocket(this.sockets.length + this.strangers.length, traits);
    // Whoever serves it listens to its errors.
    socket.on('error', () => {});
    this.#server.accept(socket);
    return socket;
  }
}
