/** Milliseconds of the processor that something takes: those of other processes are not in it. */
export function cpuTime(action: () => unknown): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
