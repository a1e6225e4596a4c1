import { connect, createServer, type Server, type Socket } from 'node:net';
import { onAbort } from '../primitives/on-abort.ts';

/**
 * How long a name is that fills `sun_path`. Node 20 pads shorter ones with NULs, later ones do not:
 * they would not be the same lock.
 */
const NAME_BYTES = 108;

/** Gives a lock back, and tells those that wait for it. */
export type Release = () => void;

/**
 * Takes a lock that the kernel keeps: a server at an abstract name, of which there is one in a
 * network namespace. The kernel gives it back when its process ends, however it ends.
 *
 * @param key - Of less than 108 characters of ASCII.
 * @returns `undefined` when somebody else has it. Rejects where there are no abstract names.
 */
export async function takeKernelLock(key: string): Promise<Release | undefined> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => waiting.delete(socket));
  });
  if (!(await isBound(server, nameOf(key)))) return undefined;
  return () => {
    server.close();
    for (const socket of waiting) socket.destroy();
  };
}

/**
 * Waits until somebody gives a lock back, or ends; not at all if nobody has it.
 *
 * @param milliseconds - How long at most.
 * @param signal - One that has not aborted yet. Its abort ends the waiting.
 */
export async function awaitKernelLock(
  key: string,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const socket = connect({ path: nameOf(key) });
  const leave = (): void => void socket.destroy();
  const timer = setTimeout(leave, milliseconds);
  const stopListening = signal && onAbort(signal, leave);
  // Refused when it has been given back meanwhile.
  socket.on('error', () => {});
  socket.resume();
  await new Promise((resolve) => socket.on('close', resolve));
  clearTimeout(timer);
  stopListening?.();
}

function nameOf(key: string): string {
  return `\0${key}`.padEnd(NAME_BYTES, '.');
}

function isBound(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.on('listening', () => resolve(true));
    // In a cluster, workers would share it.
    server.listen({ path, exclusive: true });
  });
}
