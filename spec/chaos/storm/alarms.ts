/** What tells a process of a fault that nobody has caught. */
const events = ['uncaughtException', 'unhandledRejection', 'warning'] as const;

/** Collects those, and process warnings. */
export class Alarms {
  readonly #onAlarm: (text: string) => void;
  readonly #listeners = new Map<string, (error: unknown) => void>();

  constructor(onAlarm: (text: string) => void) {
    this.#onAlarm = onAlarm;
    for (const event of events) {
      const listener = (error: unknown): void => this.#tell(event, error);
      this.#listeners.set(event, listener);
      process.on(event as 'uncaughtException', listener);
    }
  }

  stop(): void {
    for (const [event, listener] of this.#listeners) process.off(event, listener);
  }

  #tell(event: string, error: unknown): void {
    const { name, stack } = Object(error) as Error;
    // Of the runtime itself, about what it is made of.
    if (event === 'warning' && name === 'ExperimentalWarning') return;
    this.#onAlarm(`${event}: ${stack ?? String(error)}`);
  }
}
