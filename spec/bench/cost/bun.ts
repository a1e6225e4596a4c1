/** The callbacks that Bun has itself, as a server process; see server.ts. */
import { answerCosts } from './answer-costs.ts';

interface Connection {
  end(text: string): unknown;
}

interface BunNamespace {
  listen(options: {
    port: number;
    hostname: string;
    socket: { open(connection: Connection): void; data(): void };
  }): { readonly port: number };
}

const { Bun } = globalThis as unknown as { Bun: BunNamespace };
let served = 0;

const { port } = Bun.listen({
  port: 0,
  hostname: '127.0.0.1',
  socket: {
    open(connection) {
      served += 1;
      connection.end('hello');
    },
    data() {},
  },
});
await answerCosts(port, () => served);
