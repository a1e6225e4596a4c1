import { confusesRefusals } from '../primitives/runtime.ts';
import { REPLACING_MS } from '../bounds.ts';
import { linkSync, lstatSync, renameSync, unlinkSync, type BigIntStats } from 'node:fs';
import { listsSockets, mayBeAboutToListen } from './bound-sockets.ts';
import { awaitKernelLock, takeKernelLock } from './kernel-lock.ts';
import { probeSocket } from './probe-socket.ts';

/** Whether a refused connection means that a server is dead. On macOS and BSD it does not, either. */
const tellsDeath = listsSockets && !confusesRefusals;

/** Whether a path leads to a socket, and not by a link. */
export function isSocketFile(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    return false;
  }
}

/**
 * Removes the file of a Unix socket that a dead process has left. Of a live process, and what is no
 * socket, nothing is touched; a live one gets a connection that says nothing and ends. Where the
 * system does not tell whether a server is dead, nothing is removed: decision 7.
 *
 * A socket is dead when no process has it any more. That is for good: no server can be bound to an
 * existing file. It is removed under a lock, so that the file that is looked at is the one that is
 * removed, however many processes find it at once.
 *
 * @param path - The file that keeps a server from being bound.
 * @param signal - One that has not aborted yet. When it aborts, nothing is removed.
 * @returns Whether the path is free now, because the file is removed or has gone by itself.
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
      // A regular file refuses a connection just as well.
      if (!file.isSocket()) return false;
      const isFree = (await isKnownFree(path, signal)) ?? (await removeLocked(path, file, signal));
      const left = deadline - performance.now();
      if (isFree !== undefined || signal?.aborted || left <= 0) return isFree === true;
      await awaitKernelLock(keyOf(file), left, signal);
    }
  } catch (error) {
    // EACCES, for one, or ENOENT.
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** What can be said of a path without the lock; `undefined` when nobody accepts there. */
async function isKnownFree(
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  const answer = await probeSocket(path, signal);
  if (signal?.aborted) return false;
  return answer === 'ECONNREFUSED' ? undefined : answer === 'ENOENT';
}

/** @returns `undefined` when somebody else has the lock, or has replaced the file before. */
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
    // Not before the list: a server may begin to listen between the two.
    return (await isKnownFree(path, signal)) ?? remove(path, file);
  } finally {
    release();
  }
}

/**
 * Waits until the bind(2) that has made the file is over, and the kernel's list has it: both need
 * the lock of the folder. Nothing is linked, since there is a file.
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
  // What is moved can be looked at before it is gone: others may remove a stale file without asking.
  const aside = `${path}.${crypto.randomUUID()}`;
  renameSync(path, aside);
  const isMoved = isSameFile(file, lstatSync(aside, { bigint: true }));
  if (isMoved) unlinkSync(aside);
  else renameSync(aside, path);
  return isMoved;
}

/** The number of an inode that was freed is given to the next file: the time tells them apart. */
function isSameFile(one: BigIntStats, other: BigIntStats): boolean {
  // Of its last modification, which for a socket is its birth: a rename changes `ctime`.
  return one.dev === other.dev && one.ino === other.ino && one.mtimeNs === other.mtimeNs;
}

/** By number: a file has more than one name. */
function keyOf({ dev, ino }: BigIntStats): string {
  return `accept-loop/stale-socket/${dev}/${ino}`;
}
