import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { listenersOn } from '../../../support/listeners.ts';
import { connectionsOf } from '../../../support/scene.ts';
import { turns } from '../../../support/turns.ts';
import { now, sleep } from '../../storm/clock.ts';
import type { Plan } from '../plan.ts';
import type { Evidence } from './evidence.ts';
import type { Scene } from './scene.ts';

/** How long what was ended by force may take to say so, in milliseconds. */
const GONE_MS = 250;

/** What is left when a round is over; and the end of that. */
export class Aftermath {
  readonly #scene: Scene;
  readonly #plan: Plan;
  readonly #before: Readonly<Record<string, number>>;
  #closes = 0;

  /** To be made when the owner has put on all of his listeners. */
  constructor(scene: Scene, plan: Plan) {
    const { subject, listener } = scene;
    this.#scene = scene;
    this.#plan = plan;
    // An attached WebSocket server is drained with the HTTP server that it is attached to.
    const closing = plan.kind === 'ws' ? listener : subject;
    const count = (): void => void (this.#closes += 1);
    closing?.on('close', count);
    this.#before = listenersOn(subject);
  }

  /** Looks at what is left, then ends it as its owner. */
  async end(): Promise<Left> {
    const { subject, listener, sockets, raze } = this.#scene;
    const isListening = this.#plan.way !== 'bare' && subject.listening;
    const openAfter = this.#isOwners ? 0 : await this.#countOpen();
    const open = openAfter === 0 ? [] : [...sockets].map(describe);
    // Deno says so some turns later.
    if (['serve', 'drain'].includes(this.#plan.way)) await until(() => this.#closes > 0);
    const closesBefore = this.#closes;
    if (listener?.listening) listener.close();
    if (subject !== listener && this.#closes === 0) subject.close();
    raze();
    await until(() => this.#closes > 0 && sockets.size === 0);
    await turns(5);
    const leftListeners = differences(subject, this.#before);
    return { isListening, openAfter, open, closesBefore, closes: this.#closes, leftListeners };
  }

  /** What a loop has handed out is not its own any more, nor are the sockets of another server. */
  get #isOwners(): boolean {
    const { kind, way } = this.#plan;
    return way === 'loop' || kind === 'ws-none' || (kind === 'ws' && way === 'serve');
  }

  async #countOpen(): Promise<number> {
    const { listener, sockets } = this.#scene;
    const count = async (): Promise<number> => {
      // Bun's servers say that they have none when they are closed.
      const known = [...sockets].filter(({ destroyed }) => !destroyed).length;
      return Math.max(known, listener ? await connectionsOf(listener) : 0);
    };
    const end = now() + GONE_MS;
    while ((await count()) > 0 && now() < end) await sleep(5);
    return await count();
  }
}

type Left = Pick<
  Evidence,
  'isListening' | 'openAfter' | 'open' | 'closesBefore' | 'closes' | 'leftListeners'
>;

function describe({ remotePort, bytesRead, bytesWritten, destroyed }: Socket): string {
  const state = destroyed ? ', destroyed' : '';
  return `${remotePort}: ${bytesRead} bytes read, ${bytesWritten} written${state}`;
}

async function until(holds: () => boolean): Promise<void> {
  const end = now() + GONE_MS;
  while (!holds() && now() < end) await sleep(5);
}

function differences(emitter: EventEmitter, before: Readonly<Record<string, number>>): string[] {
  const after = listenersOn(emitter);
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter((name) => (before[name] ?? 0) !== (after[name] ?? 0))
    .map((name) => `${name}: ${before[name] ?? 0} before, ${after[name] ?? 0} after`);
}
