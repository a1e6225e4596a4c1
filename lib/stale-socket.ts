import { lstatSync, unlinkSync, type BigIntStats } from 'node:fs';
import { connect } from 'node:net';
import { onAbort } from './on-abort.ts';

/** How long a live server may take to end the connection of the probe, in milliseconds. */
const PATIENCE_MS = 1000;

/**
 * Bun says ECONNREFUSED whatever `connect(2)` says (oven-sh/bun#39579): of a server that is too
 * busy to accept, too.
 */
const tellsRefusals = !('bun' in process.versions);

/**
 * Removes the file of a Unix socket that a dead process has left. Of a live process, and what is no
 * socket, nothing is touched; a live one gets a connection that says nothing and ends.
 *
 * The file is taken for stale when it is a socket, refuses a connection, and is the same file
 * after that. Of two processes that find one at the same time, the second to look again finds the
 * file of the first. Two live servers refuse, too, and cannot be told apart: one between its
 * bind(2) and its listen(2), for microseconds, and on macOS and BSD one whose accept queue is full.
 *
 * @param path - The file that has kept a server from being bound.
 * @param signal - One that has not aborted yet. When it aborts, nothing is removed.
 * @returns Whether the path is free now, because the file is removed or has gone by itself.
 */
export async function removeStaleSocket(
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!tellsRefusals) return false;
  try {
    const found = lstatSync(path, { bigint: true });
    // A regular file refuses a connection just as well.
    if (!found.isSocket()) return false;
    const answer = await probe(path, signal);
    if (answer === 'ENOENT') return true;
    if (signal?.aborted || answer !== 'ECONNREFUSED') return false;
    if (!isSameFile(found, lstatSync(path, { bigint: true }))) return false;
    unlinkSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** What a connection attempt comes to: an error's code, or nothing when it is made or called off. */
async function probe(path: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const socket = connect({ path });
  const stopListening = signal && onAbort(signal, () => socket.destroy());
  let answer: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    socket.on('connect', () => {
      // Not destroyed: with a greeting unread that would be a reset, which crashes some servers.
      socket.resume().end();
      timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => (answer = timer ? undefined : code));
    socket.on('close', () => resolve());
  });
  clearTimeout(timer);
  stopListening?.();
  return answer;
}

/** The number of an inode that was freed is given to the next file: the time tells them apart. */
function isSameFile(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino && one.ctimeNs === other.ctimeNs;
}
