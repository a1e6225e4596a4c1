/**
 * A server that never runs out of file descriptors, even if very many clients come. It derives
 * three numbers from the limit of its process: how many connections it accepts, serves at once, and
 * lets wait. Each client is sent this file. So a task has two descriptors: its connection and the
 * file.
 *
 *     PORT=8000 sh -c 'ulimit -n 100; exec node safe-concurrency.ts'
 *     nc 127.0.0.1 8000
 */
// oxlint-disable no-console -- an example writes to the terminal
import { readdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { listen, serve, shutdownSignal } from 'accept-loop';

/** The most descriptors to plan with. If the limit is higher, memory runs out first. */
const MOST = 20_000;

/** How many descriptors this process may have. Node raises the soft limit when it starts. */
function descriptorLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    // Not on Linux. Without excludeNetwork, the report looks up the names of peers, and blocks.
    Object.assign(process.report, { excludeNetwork: true });
    const report = process.report.getReport() as {
      userLimits?: { open_files?: { soft: unknown } };
    };
    const soft = report.userLimits?.open_files?.soft;
    return typeof soft === 'number' ? soft : Infinity;
  }
}

/** How many descriptors this process has open. */
function descriptorsInUse(): number {
  try {
    return readdirSync('/dev/fd').length;
  } catch {
    // Windows has no limit that matters here.
    return 0;
  }
}

interface SafeLimits {
  /** Set it on the server. It bounds all open connections: Node closes each further one at once. */
  readonly maxConnections: number;
  /** An option of `serve`. */
  readonly concurrency: number;
  /** An option of `serve`. If more connections wait, each further one is refused. */
  readonly maxQueued: number;
}

/**
 * Divides the free descriptors:
 *
 * - seven tenths are for tasks;
 * - of the rest, half is for connections that wait for a task;
 * - the other half is for connections without a task: lingering, in a handshake, or idle in HTTP.
 *
 * @param perTask - How many descriptors a task holds at once, including its connection. A handler
 * must not end before it has closed the descriptors that it has opened.
 * @param reserve - How many descriptors all other code in the process may open from now on.
 */
function safeConcurrency({ perTask = 1, reserve = 16 } = {}): SafeLimits {
  const free = Math.min(descriptorLimit(), MOST) - descriptorsInUse() - reserve;
  const concurrency = Math.max(1, Math.floor((free * 0.7) / perTask));
  const others = Math.max(0, free - concurrency * perTask);
  return { maxConnections: concurrency + others, concurrency, maxQueued: Math.floor(others / 2) };
}

async function sendThisFile(socket: Socket): Promise<void> {
  const file = await open(new URL(import.meta.url));
  try {
    socket.write(await file.readFile());
  } finally {
    await file.close();
  }
}

const signal = shutdownSignal();
const where = { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' };
const server = await listen(createServer({ allowHalfOpen: true }), where);
const { maxConnections, ...limits } = safeConcurrency({ perTask: 2 });
server.maxConnections = maxConnections;
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
const serving = serve(server, sendThisFile, { signal, ...limits });
console.log({ maxConnections, ...limits });
console.log(await serving.finished);
