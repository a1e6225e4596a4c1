import { PROBE_MS } from '../bounds.ts';
import { connect } from 'node:net';
import { onAbort } from '../primitives/on-abort.ts';

/**
 * Tries to connect to a Unix socket. A live server gets a connection that says nothing and ends.
 *
 * @param signal - A signal that has not aborted yet. Its abort calls the attempt off.
 * @returns The error code of the attempt; `undefined` if it succeeds or is called off.
 */
export async function probeSocket(
  path: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const socket = connect({ path });
  const stopListening = signal && onAbort(signal, () => socket.destroy());
  let answer: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    socket.on('connect', () => {
      // destroy() would be a reset while a greeting is unread, and a reset crashes some servers.
      socket.resume().end();
      timer = setTimeout(() => socket.destroy(), PROBE_MS);
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => (answer = timer ? undefined : code));
    socket.on('close', () => resolve());
  });
  clearTimeout(timer);
  stopListening?.();
  return answer;
}
