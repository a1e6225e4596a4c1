import { channel, type Channel } from 'node:diagnostics_channel';

/** What is published on the channel `accept-loop:error`. */
export interface ErrorMessage {
  /** The server, as it was handed to `acceptLoop`. */
  readonly server: object;
  /** The server's `'error'`. One of `accept(2)` does not end the loop; every other one does. */
  readonly error: Error;
}

export const errorChannel: Channel<unknown, ErrorMessage> = channel('accept-loop:error');
