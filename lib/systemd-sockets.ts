/** A socket that is bound already, inherited from systemd or from whoever does as systemd does. */
export interface SystemdSocket {
  /** Its file descriptor. */
  readonly fd: number;
  /** `FileDescriptorName=` of the socket unit; `'unknown'` when the parent gives no names. */
  readonly name: string;
}

/** `SD_LISTEN_FDS_START`: after standard input, output and error. */
const FIRST_DESCRIPTOR = 3;

/** Linux' own `fs.nr_open`: no process has more descriptors unless that is raised. */
const MOST_SOCKETS = 1_048_576;

/**
 * Gives the sockets that systemd has opened for this process (socket activation), in the order of
 * the socket unit. It reads `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`, and touches nothing:
 * it may be called again.
 *
 * Without these variables, and when they are meant for another process, there are none.
 * `LISTEN_PID` is this process only if it was started directly or by `exec`: behind `npm start`, or
 * a shell that waits for its child, the number is the wrapper's and the sockets are not found.
 *
 * **Who owns what.** The sockets are the caller's. Pass each to `listen()`; a server that closes
 * then closes this process's copy and not systemd's, which goes on to queue connections for the
 * next process. One that is never passed on stays open to the end of the process.
 *
 * @returns The descriptors from 3 on, with their names. Each can be a `where` of `listen()`.
 * @throws `Error` for a value that is malformed.
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
