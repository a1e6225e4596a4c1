/** A socket that is bound already, inherited from systemd or a program that does the same. */
export interface SystemdSocket {
  /** Its file descriptor. */
  readonly fd: number;
  /** `FileDescriptorName=` of the socket unit, or `'unknown'` if the parent gives no names. */
  readonly name: string;
}

/** `SD_LISTEN_FDS_START`: the first one after standard input, output and error. */
const FIRST_DESCRIPTOR = 3;

/** The default of Linux' `fs.nr_open`: a process can have no more descriptors. */
const MOST_SOCKETS = 1_048_576;

/**
 * Returns the sockets that systemd has opened for this process (socket activation), in the order of
 * the socket unit. It reads `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`, and changes nothing,
 * so you may call it again.
 *
 * The array is empty without these variables, and if they are meant for another process.
 * `LISTEN_PID` names this process only if systemd has started it directly or by `exec`. Behind
 * `npm start`, or a shell that waits for its child, `LISTEN_PID` names the wrapper, and the array
 * is empty.
 *
 * **Who owns what.** The sockets are the caller's: pass each to `listen()`. A server that closes
 * then closes only the copy of this process. systemd keeps its own, and queues connections for the
 * next process. A socket that is not passed on stays open to the end of the process.
 *
 * @returns The descriptors, from 3 on, with their names. Each can be a `where` of `listen()`.
 * @throws `Error` for a malformed value.
 *
 * @example
 * ```ts
 * const [inherited] = systemdSockets();
 * await listen(server, inherited ?? 8080);
 * ```
 */
export function systemdSockets(): SystemdSocket[] {
  const { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names } = process.env;
  if (pid === undefined || count === undefined) return [];
  const wantedPid = 'LISTEN_PID must be a whole number of 1 or more';
  if (wholeNumber(wantedPid, pid, { from: 1 }) !== process.pid) return [];
  const wantedCount = `LISTEN_FDS must be a whole number from 0 to ${MOST_SOCKETS}`;
  const length = wholeNumber(wantedCount, count, { from: 0, to: MOST_SOCKETS });
  const known = length > 0 ? names?.split(':') : undefined;
  if (known !== undefined && known.length !== length) {
    throw malformed(`LISTEN_FDNAMES must have as many names as LISTEN_FDS says, ${length}`, names);
  }
  return Array.from({ length }, (_, index) => ({
    fd: FIRST_DESCRIPTOR + index,
    name: known?.[index] ?? 'unknown',
  }));
}

function wholeNumber(
  wanted: string,
  text: string,
  { from, to = Infinity }: { from: number; to?: number },
): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= from && number <= to) return number;
  throw malformed(wanted, text);
}

function malformed(wanted: string, received: unknown): Error {
  return new Error(`Cannot take the sockets of systemd: ${wanted}, received '${String(received)}'`);
}
