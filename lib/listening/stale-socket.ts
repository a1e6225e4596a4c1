import { confusesRefusals } from '../primitives/runtime.ts';
import { REPLACING_MS } from '../bounds.ts';
import { linkSync, lstatSync, renameSync, unlinkSync, type BigIntStats } from 'node:fs';
import { listsSockets, mayBeAboutToListen } from './bound-sockets.ts';
import { awaitKernelLock, takeKernelLock } from './kernel-lock.ts';
import { probeSocket } from './probe-socket.ts';

/**
 * Whether a refused connection means that the server is dead. On macOS and BSD it does not, either.
 */
const tellsDeath = listsSockets && !confusesRefusals;

/** Whether a path leads to a socket, and not through a symbolic link. */
export function isSocketFile(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    return false;
  }
}

/**
 * Removes the file of a Unix socket that a dead process has left. Files of live processes, and
 * files that are not sockets, are left alone. A live server gets a connection that says nothing and
 * ends. If the system cannot tell whether a server is dead, nothing is removed (decision 7).
 *
 * A socket is dead when no process has it any more, and then it stays dead: no server can be bound
 * to an existing file. Many processes may find the file at once. It is removed under a lock, so
 * that the file that was looked at is the file that is removed.
 *
 * @param path - The file that keeps a server from being bound.
 * @param signal - A signal that has not aborted yet. When it aborts, nothing is removed.
 * @returns Whether the path is free now, because the file was removed or has gone by itself.
 */
export async function removeStaleSocket(
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!tellsDeath) return false;
  const deadline = performance.now() + REPLACING_MS;
  try {
    for (;;) {
      const file = lstatSync(path, { bigint: true });
      // A regular file refuses connections, too.
      if (!file.isSocket()) return false;
      const isFree = (await isKnownFree(path, signal)) ?? (await removeLocked(path, file, signal));
      const left = deadline - performance.now();
      if (isFree !== undefined || signal?.aborted || left <= 0) return isFree === true;
      await awaitKernelLock(keyOf(file), left, signal);
    }
  } catch (error) {
    // For example EACCES, or ENOENT.
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/**
 * Whether a path is free, if that can be told without the lock. `undefined` if a connection is
 * refused there.
 */
async function isKnownFree(
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  const answer = await probeSocket(path, signal);
  if (signal?.aborted) return false;
  return answer === 'ECONNREFUSED' ? undefined : answer === 'ENOENT';
}

/** @returns `undefined` if another process has the lock, or has replaced the file before. */
async function removeLocked(
  path: string,
  file: BigIntStats,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  const release = await takeKernelLock(keyOf(file));
  if (release === undefined) return undefined;
  try {
    if (signal?.aborted) return false;
    if (!isSameFile(file, lstatSync(path, { bigint: true }))) return undefined;
    awaitBind(path);
    if (mayBeAboutToListen(path, file)) return false;
    // Probed after the list was read: a server may begin to listen between the two.
    return (await isKnownFree(path, signal)) ?? remove(path, file);
  } finally {
    release();
  }
}

/**
 * Waits until the bind(2) that has made the file is over, and the socket is in the kernel's list.
 * This call and the bind both need the lock of the folder. Nothing is linked, because the file
 * exists.
 */
function awaitBind(path: string): void {
  try {
    linkSync(path, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Removes a file that no process of this package replaces meanwhile. */
function remove(path: string, file: BigIntStats): boolean {
  // A file that was moved can be looked at before it is gone. Other programs may remove a stale
  // file without the lock.
  const aside = `${path}.${crypto.randomUUID()}`;
  renameSync(path, aside);
  const isMoved = isSameFile(file, lstatSync(aside, { bigint: true }));
  if (isMoved) unlinkSync(aside);
  else renameSync(aside, path);
  return isMoved;
}

/** Compares two files, also by time: a new file may get the inode number of a removed file. */
function isSameFile(one: BigIntStats, other: BigIntStats): boolean {
  // The time of the last modification, which for a socket is its birth. A rename changes `ctime`.
  return one.dev === other.dev && one.ino === other.ino && one.mtimeNs === other.mtimeNs;
}

/** By device and inode: a file may have several names. */
function keyOf({ dev, ino }: BigIntStats): string {
  return `accept-loop/stale-socket/${dev}/${ino}`;
}
