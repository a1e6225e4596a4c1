import { now, sleep } from '../../storm/clock.ts';
import type { Scene } from './scene.ts';

/** What has been spent on what has come. */
export interface Spent {
  /** Milliseconds of processor time. */
  readonly cpu: number;
  readonly bytes: number;
}

/** Reads what has been spent, and received, from now on. */
export function measure({ received }: Scene): () => Spent {
  const before = process.cpuUsage();
  return () => ({ cpu: since(before), bytes: received() });
}

function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** How long a process has to do next to nothing, in milliseconds. */
const QUIET_MS = 50;
const BUSY_MS = 10;
/** Half a minute at the most. */
const LOOKS = 600;

/** Until what has come has been dealt with: seen twice, by a process that had the time for it. */
export async function quiet(): Promise<void> {
  let quietLooks = 0;
  for (let looks = 0; looks < LOOKS && quietLooks < 2; looks += 1) {
    const before = process.cpuUsage();
    const begun = now();
    await sleep(QUIET_MS);
    const isLate = now() - begun > 2 * QUIET_MS;
    quietLooks = isLate || since(before) >= BUSY_MS ? 0 : quietLooks + 1;
  }
}
