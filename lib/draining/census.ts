import { attemptEach } from '../primitives/attempt.ts';
import { now } from '../primitives/clock.ts';
import { emitterListener } from '../primitives/emitter-listener.ts';
import { harmless } from '../primitives/harmless.ts';
import { hasLeft } from '../primitives/has-left.ts';
import type { OpenConnection } from '../protocols/protocol.ts';
import { type OnStraggler, stragglerOf } from '../shutdown/stragglers.ts';

/** The connections of one server, whatever they carry: each is counted once, and ended at last. */
export class Census {
  /** Since when, of `now()`. */
  readonly #open = new Map<OpenConnection, number>();
  readonly #onChange: () => void;
  #total = 0;
  #hasHandedOff = false;
  /** What ends one that comes when all were ended, in the very emit in which that was begun. */
  #endLate: ((connection: OpenConnection) => void) | undefined;

  /** @param onChange - Called when one has gone. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#open.size;
  }

  /** How many there were when the count began, and have come since. */
  get total(): number {
    return this.#total;
  }

  /** Whether one was sent to another process. */
  get hasHandedOff(): boolean {
    return this.#hasHandedOff;
  }

  beginCount(): void {
    this.#total = this.#open.size;
  }

  readonly add: (connection: OpenConnection) => void = harmless((connection) => {
    if (this.#open.has(connection) || connection.destroyed) return;
    this.#open.set(connection, now());
    this.#total += 1;
    connection.on('close', this.#onClose);
    this.#endLate?.(connection);
  });

  /** Forgets those of which nobody has heard that they have gone. */
  sweep(): void {
    attemptEach(this.#open.keys(), (connection) => {
      if (!hasLeft(connection)) return;
      this.#hasHandedOff ||= !connection.closed;
      this.#forget(connection);
    });
  }

  /** What ends each of them by force. @param onStraggler - Told of every one, just before. */
  ends(onStraggler?: OnStraggler): (() => void)[] {
    const end = (connection: OpenConnection, since: number): void => {
      onStraggler?.(stragglerOf('connection', connection, since), connection);
      connection.destroy?.();
    };
    this.#endLate = (connection) => end(connection, performance.now());
    return [...this.#open].map(
      ([connection, since]) =>
        () =>
          end(connection, since),
    );
  }

  readonly #onClose = emitterListener((connection: OpenConnection) => this.#forget(connection));

  #forget(connection: OpenConnection): void {
    if (this.#open.delete(connection)) this.#onChange();
  }
}
