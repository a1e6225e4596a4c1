import { existsSync, lstatSync, readFileSync, type BigIntStats } from 'node:fs';
import { basename } from 'node:path';

/** The kernel's list of Unix sockets: those of this network namespace. Linux alone has it. */
const LIST = '/proc/net/unix';

/** Where an entry begins: a line may also go on with a name that has a line feed in it. */
const between = /\n(?=[0-9a-f]+: [0-9A-F]{8} )/;

/** A stream socket (`0001`) that has a name, is not connected (`01`), and does not accept. */
const bound = /^\S+ +\S+ +\S+ +00000000 +0001 +01 +\d+ (.+)$/s;

/** Whether the kernel can be asked. */
export const listsSockets: boolean = existsSync(LIST);

/**
 * Whether a server may be between its bind(2) and its listen(2) at a path. It refuses connections
 * like a dead one, but will listen.
 *
 * The list has the names by which sockets were bound, from any folder or root, so that one is taken
 * for the file's when it has the same last part; or when its own name leads to nothing, because it
 * may have been renamed (HAProxy renames before it listens).
 *
 * @param file - What is at the path.
 * @throws What kept the list from being read.
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
