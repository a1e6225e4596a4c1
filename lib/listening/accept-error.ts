/**
 * Whether it is an error of `accept(2)`: one connection could not be accepted, and the listener
 * goes on. Any value may be emitted as an error, also a revoked proxy.
 */
export function isAcceptError(error: unknown): boolean {
  try {
    return (Object(error) as NodeJS.ErrnoException).syscall === 'accept';
  } catch {
    return false;
  }
}
