/** As worker.ts, with what Bun itself has: `bun-server.ts serve|listen PORT [reusePort]`. */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { workTime } from './echo.ts';

/** What is used of Bun's own API. */
interface BunApi {
  serve(options: Where & { fetch(request: Request): Promise<Response> }): BunServer;
  listen(options: Where & { socket: Handlers }): BunServer;
}
interface Where {
  readonly hostname: string;
  readonly port: number;
  readonly reusePort: boolean;
}
interface Handlers {
  open(socket: { end(text: string): void }): void;
  data(): void;
}
interface BunServer {
  readonly port: number;
  stop(): Promise<void> | void;
}

const { Bun } = globalThis as unknown as { Bun: BunApi };
const [way, port, sharing] = process.argv.slice(2);
const where = { hostname: '127.0.0.1', port: Number(port), reusePort: sharing === 'reusePort' };

async function fetch(request: Request): Promise<Response> {
  const body = await request.text();
  await setTimeout(workTime());
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}

const socket: Handlers = { open: (accepted) => accepted.end('hello'), data() {} };

process.stdin.on('end', () => process.exit()).resume();
const told = once(process, 'SIGTERM');
const server = way === 'serve' ? Bun.serve({ ...where, fetch }) : Bun.listen({ ...where, socket });
process.stdout.write(`${server.port}\n`);
await told;
await server.stop();
process.stdin.destroy();
