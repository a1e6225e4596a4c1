import { EventEmitter } from 'node:events';
import { type AcceptLoop, acceptLoop } from 'accept-loop';
import { FakeServer, FakeTlsServer } from './fake-server.ts';
import { FakeSocket, type SocketTraits } from './fake-socket.ts';

export interface AcceptLoopSetting extends SocketTraits {
  readonly kind: 'net' | 'tls' | 'emitter';
  readonly maxQueued: number;
  readonly isListening: boolean;
  readonly isAborted: boolean;
  /** Milliseconds of every other turn of the event loop. */
  readonly longTurn?: number;
}

class Emitter extends EventEmitter {}

const nothing = (): void => {};

const servers = { net: FakeServer, tls: FakeTlsServer, emitter: Emitter };

/** What brings connections, of any kind, and the clients behind them. */
export class LoopServer {
  readonly emitter: EventEmitter;
  /** An emitter of another kind has no listener. */
  readonly server: FakeServer | undefined;
  /** What was brought, in order of arrival. */
  readonly sockets: FakeSocket[] = [];
  /** TLS: raw connections. */
  readonly handshakes: FakeSocket[] = [];
  hasListened = false;
  /** Whether it had never listened at the abort, and is closed if it listens after all. */
  isWatched = false;
  readonly #setting: AcceptLoopSetting;

  constructor(setting: AcceptLoopSetting) {
    this.#setting = setting;
    this.emitter = new servers[setting.kind]();
    this.server = this.emitter instanceof FakeServer ? this.emitter : undefined;
    // Somebody's own, so that an error that nobody waits for is not an uncaught one.
    this.emitter.on('error', nothing);
    if (setting.isListening) this.open();
  }

  /**
   * Whether a loop lives on it. Of what may outlive it the refusal of latecomers hears no errors,
   * and the guard of a pending bind nothing else. The watch stays until the next loop.
   */
  get isHeard(): boolean {
    const { emitter } = this;
    const watches = this.isWatched ? 1 : 0;
    return emitter.listenerCount('error') > 1 && emitter.listenerCount('listening') > watches;
  }

  /** The signal of its loop aborts. */
  onAbort(): void {
    this.isWatched = this.server !== undefined && !this.hasListened;
  }

  get isClosed(): boolean {
    return this.hasListened && this.server?.listening === false;
  }

  /** How many handshakes are in progress. */
  get underWay(): number {
    return this.handshakes.filter(({ destroyed }) => !destroyed).length;
  }

  loop(signal: AbortSignal): AcceptLoop<unknown> {
    const { maxQueued } = this.#setting;
    if (!this.server) return acceptLoop(this.emitter, { signal, maxQueued, event: 'thing' });
    return acceptLoop(this.server, { signal, maxQueued });
  }

  open(): boolean {
    if (!this.server || this.hasListened) return false;
    this.hasListened = true;
    this.server.open();
    return true;
  }

  /**
   * Brings a connection; of TLS its handshake, where there is none.
   *
   * @returns Whether it can.
   */
  arrive(onConnection: () => void): boolean {
    const canAccept = !this.server || this.server.listening;
    const { kind } = this.#setting;
    if (kind === 'tls' && (this.underWay > 0 || !canAccept)) return this.#secure(onConnection);
    if (!canAccept) return false;
    const socket = new FakeSocket(this.sockets.length, this.#setting);
    if (kind === 'tls') this.handshakes.push(socket.on('error', nothing));
    else this.#bring(socket, onConnection);
    if (this.server) this.server.accept(socket);
    else this.emitter.emit('thing', socket);
    return true;
  }

  /** One of the clients that are there, if there is one. */
  client(choice: number): FakeSocket | undefined {
    const living = this.sockets.filter(({ destroyed }) => !destroyed);
    return living[choice % Math.max(1, living.length)] ?? this.handshakes[0];
  }

  /** The oldest handshake is over. */
  #secure(onConnection: () => void): boolean {
    const raw = this.handshakes.find(({ destroyed }) => !destroyed);
    if (!raw) return false;
    this.handshakes.splice(this.handshakes.indexOf(raw), 1);
    const secure = new FakeSocket(this.sockets.length, this.#setting, raw.remotePort);
    secure.onGone = raw.onGone;
    this.#bring(secure, onConnection);
    this.emitter.emit('secureConnection', secure);
    return true;
  }

  #bring(socket: FakeSocket, onConnection: () => void): void {
    this.sockets.push(socket);
    if (!this.isHeard) socket.on('error', nothing);
    onConnection();
  }
}
