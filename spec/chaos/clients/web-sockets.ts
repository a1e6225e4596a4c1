import { WebSocket } from 'ws';
import type { Outcome } from '../storm/account.ts';
import { sleep } from '../storm/clock.ts';
import { isContent } from '../storm/content.ts';
import type { Want } from '../storm/plan.ts';
import { wishOf } from '../storm/wishes.ts';
import { isRefused, type Trip } from './trip.ts';

/** Close codes by which a server says goodbye. */
const GOODBYES: ReadonlySet<number> = new Set([1000, 1001]);

/** Asks by messages, in turn or all at once, reads the answers, and closes in order. */
export async function visitWebSocket(trip: Trip): Promise<void> {
  const { wants, style } = trip.visit;
  const talk = new Talk(trip);
  if (!(await talk.begin())) {
    const failed = talk.status === 503 ? 'unavailable' : 'unsent';
    const outcome = isRefused(trip.connection) ? 'refused' : failed;
    for (const want of wants) trip.conclude(want, outcome);
    return;
  }
  if (style === 'pipelines') await Promise.all(wants.map((want) => talk.ask(want)));
  else
    for (const want of wants) {
      await sleep(want.thinks);
      await talk.ask(want);
    }
  await talk.end();
}

class Talk {
  status = 0;
  readonly #trip: Trip;
  readonly #webSocket: WebSocket;
  readonly #answers = new Map<string, (body: Buffer | undefined) => void>();
  readonly #closed: Promise<void>;
  #code = 0;
  #isOpen = true;

  constructor(trip: Trip) {
    this.#trip = trip;
    const createConnection = (): ReturnType<Trip['connect']> => trip.connect();
    this.#webSocket = new WebSocket('ws://localhost/', { createConnection });
    this.#webSocket.on('error', ({ message }) => trip.note(message));
    this.#webSocket.on('unexpected-response', (request, response) => {
      this.status = response.statusCode ?? 0;
      request.destroy();
      this.#webSocket.terminate();
    });
    this.#webSocket.on('message', (message: Buffer) => this.#receive(message));
    this.#closed = new Promise((resolve) => {
      this.#webSocket.once('close', (code) => {
        trip.note(`closed: ${code}`);
        this.#code = code;
        this.#isOpen = false;
        for (const settle of this.#answers.values()) settle(undefined);
        resolve();
      });
    });
    trip.onImpatience(() => this.#webSocket.terminate());
  }

  async begin(): Promise<boolean> {
    const opened = new Promise<boolean>((resolve) =>
      this.#webSocket.once('open', () => resolve(true)),
    );
    return await Promise.race([opened, this.#closed.then(() => false)]);
  }

  async ask(want: Want): Promise<void> {
    if (!this.#isOpen || this.#webSocket.readyState !== WebSocket.OPEN) {
      return this.#trip.conclude(want, 'unsent');
    }
    this.#trip.asks(want);
    const body = await new Promise<Buffer | undefined>((resolve) => {
      this.#answers.set(want.key, resolve);
      this.#webSocket.send(wishOf(want, ' '));
    });
    this.#trip.conclude(want, this.#outcomeOf(want, body));
  }

  async end(): Promise<void> {
    this.#webSocket.close(1000);
    await this.#closed;
  }

  #outcomeOf({ key, size }: Want, body: Buffer | undefined): Outcome {
    if (body) return isContent(body, key, size) ? 'whole' : 'wrong';
    return GOODBYES.has(this.#code) ? 'retry' : 'nothing';
  }

  #receive(message: Buffer): void {
    const end = message.indexOf('\n');
    const key = message.toString('latin1', 0, end);
    this.#answers.get(key)?.(message.subarray(end + 1));
    this.#answers.delete(key);
  }
}
