/**
 * Whether it is an error of `accept(2)`: one connection could not be accepted, and the listener goes
 * on. Anything may be emitted, a revoked proxy too.
 */
export function isAcceptError(error: unknown): boolean {
  try {
    return (Object(error) as NodeJS.ErrnoException).syscall === 'accept';
  } catch {
    return false;
  }
}
