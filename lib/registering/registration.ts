import type { EventEmitter } from 'node:events';
import { hear, unhear } from '../primitives/hear.ts';
import { onAbort } from '../primitives/on-abort.ts';
import { setImmediate } from '../primitives/timers.ts';
import { recognise } from '../protocols/recognise.ts';
import { countOtherListeners } from '../signals/other-listeners.ts';
import { ShutdownWait } from '../signals/shutdown-wait.ts';
import { countWorkers, onWorkers } from './cluster-workers.ts';
import { FollowedServer } from './followed-server.ts';
import { onServerListening } from './listening-servers.ts';
import { ProcessStop } from './process-stop.ts';
import type { Settings } from './settings.ts';
import { writeReport } from './stop-report.ts';

/**
 * The servers of one process, each from the moment when it listens until it has closed. One signal
 * stops them all.
 */
export class Registration {
  readonly #settings: Settings;
  readonly #delay: (told: AbortSignal) => AbortSignal;
  readonly #servers = new Map<EventEmitter, FollowedServer>();
  #wait: ShutdownWait | undefined;
  #name: NodeJS.Signals | undefined;
  #stop: ProcessStop | undefined;

  /** @param delay - Makes a signal that aborts `settings.delay` after the given one. */
  constructor(settings: Settings, delay: (told: AbortSignal) => AbortSignal) {
    this.#settings = settings;
    this.#delay = delay;
  }

  start(): void {
    onServerListening((server) => {
      // The primary of a cluster opens the listeners of its workers, and takes their handles away
      // in the same turn. Such a server no longer listens in the next turn, and is left out.
      if (countWorkers() > 0) setImmediate(() => this.#follow(server));
      else this.#follow(server);
    });
    onWorkers(() => this.#update());
  }

  #follow(server: EventEmitter): void {
    const known = recognise(server);
    if (known?.isListening() !== true) return;
    const followed = new FollowedServer(server, known);
    const isNew = !this.#servers.has(server);
    this.#servers.set(server, followed);
    if (this.#stop) this.#stop.add(followed);
    if (isNew) this.#forgetAtClose(server);
    this.#update();
  }

  #forgetAtClose(server: EventEmitter): void {
    const onClose = (): void => {
      // The server may listen again already.
      if (this.#servers.get(server)?.isListening) return;
      unhear(server, 'close', onClose);
      this.#servers.delete(server);
      this.#update();
    };
    hear(server, 'close', onClose);
  }

  /**
   * Listens for signals while there are servers or workers. Otherwise a signal ends the process.
   */
  #update(): void {
    if (this.#stop) return;
    if (this.#servers.size + countWorkers() > 0) this.#wait ??= this.#listen();
    else {
      this.#wait?.dispose();
      this.#wait = undefined;
    }
  }

  #listen(): ShutdownWait {
    const { signal } = this.#settings;
    const signals: NodeJS.Signals[] = signal ? [signal] : ['SIGINT', 'SIGTERM'];
    const wait = new ShutdownWait({
      signals,
      endOnSecond: signals.filter((name) => name === 'SIGINT'),
      onFirst: (name) => this.#mayStop(name),
      hearsMessages: false,
    });
    // Not within the event of the signal: the program may call `drain` in its own listener.
    onAbort(wait.signal, () => setImmediate(() => this.#begin(wait.signal)));
    return wait;
  }

  /**
   * Whether to stop at this signal. If the program listens for it, the stop is left to the program.
   */
  #mayStop(name: NodeJS.Signals): boolean {
    this.#name = name;
    const otherListeners = countOtherListeners(name);
    if (otherListeners === 0) return true;
    writeReport(this.#settings.report, { reason: `${name} was received`, otherListeners });
    return false;
  }

  #begin(told: AbortSignal): void {
    const request = { told, delayed: this.#delay(told), name: this.#name };
    this.#stop = new ProcessStop(this.#settings, request);
    for (const server of this.#servers.values()) this.#stop.add(server);
  }
}
