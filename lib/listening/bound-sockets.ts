import { existsSync, lstatSync, readFileSync, type BigIntStats } from 'node:fs';
import { basename } from 'node:path';

/** The kernel's list of the Unix sockets in this network namespace. Only Linux has it. */
const LIST = '/proc/net/unix';

/** Where an entry begins. A name may contain a line feed, so that its entry has several lines. */
const between = /\n(?=[0-9a-f]+: [0-9A-F]{8} )/;

/** A stream socket (`0001`) that has a name, is not connected (`01`), and does not accept. */
const bound = /^\S+ +\S+ +\S+ +00000000 +0001 +01 +\d+ (.+)$/s;

/** Whether the kernel has a list. */
export const listsSockets: boolean = hasList();

function hasList(): boolean {
  try {
    return existsSync(LIST);
  } catch {
    // Under `--permission`, Node throws if it may not tell.
    return false;
  }
}

/**
 * Whether a server may be between its bind(2) and its listen(2) at a path. Such a server refuses
 * connections, as a dead one does, but it will listen.
 *
 * The list has the names by which sockets were bound, from any folder or root. So a name may stand
 * for the file in these cases:
 *
 * - Its last part is the same.
 * - It leads to the same file.
 * - It leads to nothing: the file may have been renamed. HAProxy renames it before it listens.
 *
 * @param file - What is at the path.
 * @throws The error that kept the list from being read.
 */
export function mayBeAboutToListen(path: string, file: BigIntStats): boolean {
  return readFileSync(LIST, 'utf8')
    .trimEnd()
    .split(between)
    .some((entry) => {
      const name = bound.exec(entry)?.[1];
      return name !== undefined && mayName(name, path, file);
    });
}

function mayName(name: string, path: string, file: BigIntStats): boolean {
  if (basename(name) === basename(path)) return true;
  // An abstract name, which has no file.
  if (name.startsWith('@')) return false;
  const other = lstatSync(name, { bigint: true, throwIfNoEntry: false });
  return other === undefined || (other.dev === file.dev && other.ino === file.ino);
}
