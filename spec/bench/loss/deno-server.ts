/** As worker.ts, with what Deno itself has: `deno-server.ts serve|listen PORT [reusePort]`. */
import { setTimeout } from 'node:timers/promises';
import { workTime } from './echo.ts';

/** What is used of Deno's own API. */
interface DenoApi {
  serve(options: Where & { onListen(): void }, handler: (request: Request) => unknown): HttpServer;
  listen(options: Where): Listener;
}
interface Where {
  readonly hostname: string;
  readonly port: number;
  readonly reusePort: boolean;
  readonly tcpBacklog: number;
}
interface HttpServer {
  readonly addr: { readonly port: number };
  shutdown(): Promise<void>;
}
interface Connection {
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}
interface Listener extends AsyncIterable<Connection> {
  readonly addr: { readonly port: number };
  close(): void;
}

const { Deno } = globalThis as unknown as { Deno: DenoApi };
const [way, port, sharing] = process.argv.slice(2);
const reusePort = sharing === 'reusePort';
const where: Where = { hostname: '127.0.0.1', port: Number(port), reusePort, tcpBacklog: 4096 };

async function echo(request: Request): Promise<Response> {
  const body = await request.text();
  await setTimeout(workTime());
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}

async function greet(connection: Connection): Promise<void> {
  await connection.write(new TextEncoder().encode('hello'));
  connection.close();
}

async function greetAll(listener: Listener): Promise<void> {
  const greetings: Promise<void>[] = [];
  for await (const connection of listener) greetings.push(greet(connection));
  await Promise.all(greetings);
}

process.stdin.on('end', () => process.exit()).resume();
let served: Promise<void>;
if (way === 'serve') {
  const server = Deno.serve({ ...where, onListen() {} }, echo);
  served = new Promise((resolve) => process.once('SIGTERM', () => resolve(server.shutdown())));
  process.stdout.write(`${server.addr.port}\n`);
} else {
  const listener = Deno.listen(where);
  served = greetAll(listener);
  process.once('SIGTERM', () => listener.close());
  process.stdout.write(`${listener.addr.port}\n`);
}
await served;
// It would go on reading until its input ends.
process.exit();
