/**
 * A server that never runs out of descriptors, however many clients come: what it lets in, serves
 * at once and lets wait is derived from the limit of its process. Each client is sent this file,
 * and so a task has two descriptors: its connection, and the file.
 *
 *     PORT=8000 sh -c 'ulimit -n 100; exec node safe-concurrency.ts'
 *     nc 127.0.0.1 8000
 */
// oxlint-disable no-console -- an example talks to who runs it
import { readdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { listen, serve, shutdownSignal } from 'accept-loop';

/** Where there is no limit, or a huge one, memory is short before descriptors are. */
const MOST = 20_000;

/** How many descriptors this process may have. Asked while it runs: Node raises the soft limit. */
function descriptorLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    // Not on Linux. Without this, the report looks up the names of peers, and blocks.
    Object.assign(process.report, { excludeNetwork: true });
    const report = process.report.getReport() as {
      userLimits?: { open_files?: { soft: unknown } };
    };
    const soft = report.userLimits?.open_files?.soft;
    return typeof soft === 'number' ? soft : Infinity;
  }
}

/** How many it has. */
function descriptorsInUse(): number {
  try {
    return readdirSync('/dev/fd').length;
  } catch {
    // Windows has no limit to come near to.
    return 0;
  }
}

interface SafeLimits {
  /** Of the server: the only bound on everything that is open. Beyond it, Node ends a newcomer. */
  readonly maxConnections: number;
  /** Of `serve`. */
  readonly concurrency: number;
  /** Of `serve`: beyond it, a newcomer is refused. */
  readonly maxQueued: number;
}

/**
 * Divides the descriptors that are free: seven tenths for tasks, some for who waits for one, and
 * the rest for connections that are no task's: lingering closes, handshakes, idle HTTP clients.
 *
 * @param perTask - How many descriptors a task holds at once, its connection among them. A handler
 * has to wait until it has closed what it has opened.
 * @param reserve - What everything else in the process may open from now on.
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
