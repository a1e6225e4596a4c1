import type { OpenConnection, OpenState, Straggler } from '../reports.ts';

/**
 * An open connection. It is described only when the list is read, because that asks the socket for
 * its address.
 */
interface Entry {
  readonly state: OpenState;
  readonly since: number;
  readonly describe: () => Straggler;
}

/** How many connections are open in each state, and the one that has been open longest. */
export interface OpenSummary {
  readonly states: Readonly<Partial<Record<OpenState, number>>>;
  readonly oldest: OpenConnection | undefined;
}

/**
 * The connections that are open at one instant. Each subject, a socket or a session, is listed
 * once: the first `add()` counts.
 */
export class OpenList {
  readonly #bySubject = new Map<object, Entry>();

  get size(): number {
    return this.#bySubject.size;
  }

  /** @param since - When the connection was accepted, of `performance.now()`. */
  add(subject: object, state: OpenState, since: number, describe: () => Straggler): void {
    if (!this.#bySubject.has(subject)) this.#bySubject.set(subject, { state, since, describe });
  }

  /** All open connections, described now. */
  get all(): OpenConnection[] {
    return [...this.#bySubject.values()].map(shown);
  }

  /** The connections that have been open longest, at most so many, the oldest first. */
  oldest(most: number): OpenConnection[] {
    const byAge = [...this.#bySubject.values()].toSorted((one, other) => one.since - other.since);
    return byAge.slice(0, most).map(shown);
  }

  summary(): OpenSummary {
    const states: Partial<Record<OpenState, number>> = {};
    let oldest: Entry | undefined;
    for (const entry of this.#bySubject.values()) {
      states[entry.state] = (states[entry.state] ?? 0) + 1;
      if (oldest === undefined || entry.since < oldest.since) oldest = entry;
    }
    return { states, oldest: oldest && shown(oldest) };
  }
}

function shown(entry: Entry): OpenConnection {
  const { kind, ...others } = entry.describe();
  return { kind, state: entry.state, ...others };
}
