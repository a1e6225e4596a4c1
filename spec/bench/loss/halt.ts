import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Milliseconds in which each thread has been scheduled once more. */
const PATIENCE = 5000;

/** Halts a process, and waits until none of its threads runs any more. */
export async function halt(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  const end = performance.now() + PATIENCE;
  while (!isHalted(`/proc/${child.pid}/task`)) {
    if (performance.now() > end) throw new Error(`Cannot halt process ${child.pid}: it goes on`);
    await setTimeout(1);
  }
}

function isHalted(tasks: string): boolean {
  return readdirSync(tasks).every((task) =>
    // Behind the name, which may have spaces.
    readFileSync(`${tasks}/${task}/stat`, 'latin1').includes(') T '),
  );
}
