import type { Socket } from 'node:net';
import type { Outcome } from '../storm/account.ts';
import { sleep } from '../storm/clock.ts';
import { contentOf, isContent } from '../storm/content.ts';
import type { Want } from '../storm/plan.ts';
import { wishOf } from '../storm/wishes.ts';
import { type Answer, Answers } from './http1-answers.ts';
import { closed, isRefused, readSlowly, type Trip, writeInPieces } from './trip.ts';

/** A client of HTTP/1 that keeps its connection as long as it may, and asks in order. */
export async function visitHttp1(trip: Trip): Promise<void> {
  const browser = new Browser(trip);
  if (trip.visit.style === 'pipelines') await browser.askTogether(trip.visit.wants);
  else await browser.askInTurn(trip.visit.wants);
  await browser.leave();
}

class Browser {
  readonly #trip: Trip;
  #socket: Socket | undefined;
  #answers: Answers | undefined;

  constructor(trip: Trip) {
    this.#trip = trip;
  }

  async askInTurn(wants: readonly Want[]): Promise<void> {
    for (const want of wants) {
      await sleep(want.thinks);
      const answers = await this.#send([want]);
      if (answers === undefined) return;
      const answer = await answers.next();
      if (answer?.status === 101) await this.#follow(want, answers);
      else this.#conclude(want, answer, answers);
    }
  }

  async askTogether(wants: readonly Want[]): Promise<void> {
    const answers = await this.#send(wants);
    if (answers === undefined) return;
    for (const want of wants) {
      this.#trip.accountOf(want).isAfterLast = answers.hasSaidClose;
      this.#conclude(want, await answers.next(), answers);
    }
  }

  async leave(): Promise<void> {
    this.#socket?.end();
    if (this.#socket) await closed(this.#socket);
  }

  /** What follows is HTTP no more. */
  async #follow(want: Want, answers: Answers): Promise<void> {
    const bytes = await answers.rest();
    const isWhole = isContent(bytes, want.key, want.size);
    const outcome = bytes.length < want.size ? 'cut' : isWhole ? 'whole' : 'wrong';
    this.#trip.conclude(want, outcome);
  }

  /** On the connection that is there, if it is, or on a new one. */
  async #send(wants: readonly Want[]): Promise<Answers | undefined> {
    const trip = this.#trip;
    const answers = this.#usable() ?? (await this.#open());
    const socket = this.#socket;
    if (answers === undefined || socket === undefined) {
      const outcome = isRefused(trip.connection) ? 'refused' : 'unsent';
      for (const want of wants) trip.conclude(want, outcome);
      return undefined;
    }
    for (const want of wants) trip.asks(want);
    const bytes = Buffer.concat(wants.map((want) => requestFor(want)));
    if (trip.visit.style === 'pieces') await writeInPieces(socket, bytes, trip.draw);
    else socket.write(bytes);
    return answers;
  }

  #usable(): Answers | undefined {
    const answers = this.#answers;
    return answers?.isOver || answers?.hasSaidClose ? undefined : answers;
  }

  async #open(): Promise<Answers | undefined> {
    this.#socket?.end();
    const socket = this.#trip.connect();
    this.#socket = socket;
    const answers = new Answers(socket);
    this.#answers = answers;
    const event = 'encrypted' in socket ? 'secureConnect' : 'connect';
    const isOpen = await new Promise((resolve) => {
      socket.once(event, () => resolve(true)).once('close', () => resolve(false));
    });
    if (this.#trip.visit.style === 'slow') readSlowly(socket);
    return isOpen ? answers : undefined;
  }

  #conclude(want: Want, answer: Answer | undefined, answers: Answers): void {
    this.#trip.accountOf(want).saysClose = answer?.saysClose === true;
    this.#trip.conclude(want, outcomeOf(want, answer, answers.hasPart));
  }
}

function outcomeOf({ key, size }: Want, answer: Answer | undefined, hasPart: boolean): Outcome {
  if (answer === undefined) return hasPart ? 'cut' : 'nothing';
  if (answer.status === 500) return 'failed';
  if (answer.status === 503) return 'unavailable';
  return answer.status === 200 && isContent(answer.body, key, size) ? 'whole' : 'wrong';
}

export function requestFor(want: Want): Buffer {
  const method = want.upload > 0 ? 'POST' : 'GET';
  const length = want.upload > 0 ? `Content-Length: ${want.upload}\r\n` : '';
  const upgrade = want.action === 'upgrade' ? 'Connection: Upgrade\r\nUpgrade: x\r\n' : '';
  const head = `${method} /${wishOf(want, '/')} HTTP/1.1\r\nHost: localhost\r\n${length}${upgrade}\r\n`;
  return Buffer.concat([Buffer.from(head), contentOf(`${want.key} upload`, want.upload)]);
}
