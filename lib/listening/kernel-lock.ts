import { connect, createServer, type Server, type Socket } from 'node:net';
import { onAbort } from '../primitives/on-abort.ts';

/**
 * The length of a name that fills `sun_path`. Node 20 pads shorter names with NULs and later
 * versions do not, so that a shorter name would not be the same lock.
 */
const NAME_BYTES = 108;

/** Gives a lock back, and wakes those that wait for it. */
export type Release = () => void;

/**
 * Takes a lock that the kernel keeps: a server at an abstract name, which exists once in a network
 * namespace. The kernel gives the lock back when its process ends, however it ends.
 *
 * @param key - Fewer than 108 characters of ASCII.
 * @returns `undefined` if the lock is taken. Rejects if the system has no abstract names.
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
 * Waits until a lock is given back, or its owner ends. If the lock is free, there is no wait.
 *
 * @param milliseconds - How long to wait at most.
 * @param signal - A signal that has not aborted yet. Its abort ends the wait.
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
  // The connection is refused if the lock has been given back meanwhile.
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
    // Without `exclusive`, the workers of a cluster would share the lock.
    server.listen({ path, exclusive: true });
  });
}
