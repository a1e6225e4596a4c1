/** The loop that Deno has itself, as a server process; see server.ts. */
import { answerCosts } from './answer-costs.ts';

interface Connection {
  write(bytes: Uint8Array): Promise<number>;
  read(into: Uint8Array): Promise<number | null>;
  closeWrite(): Promise<void>;
  close(): void;
}

interface Listener extends AsyncIterable<Connection> {
  readonly addr: { readonly port: number };
}

interface DenoNamespace {
  listen(where: { port: number; hostname: string }): Listener;
}

const { Deno } = globalThis as unknown as { Deno: DenoNamespace };
const hello = new TextEncoder().encode('hello');
let served = 0;

async function answer(connection: Connection): Promise<void> {
  served += 1;
  await connection.write(hello);
  await connection.closeWrite();
  const bytes = new Uint8Array(16);
  while ((await connection.read(bytes)) !== null);
  connection.close();
}

async function serveAll(listener: Listener): Promise<void> {
  for await (const connection of listener) void answer(connection);
}

const listener = Deno.listen({ port: 0, hostname: '127.0.0.1' });
await Promise.all([serveAll(listener), answerCosts(listener.addr.port, () => served)]);
