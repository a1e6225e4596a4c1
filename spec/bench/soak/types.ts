/** A look at a server process. */
export interface Sample {
  readonly seconds: number;
  readonly connections: number;
  /** Of heap, after a collection, in bytes. */
  readonly heap: number;
  readonly resident: number;
}

/** What clients saw. */
export interface Seen {
  readonly served: number;
  readonly gaveUp: number;
  readonly wrong: number;
}

export interface Soak {
  readonly samples: readonly Sample[];
  readonly seen: Seen;
  /** Connections and requests. */
  readonly count: number;
  /** Of them when the clients had gone. */
  readonly active: number;
  readonly forced: number;
}
