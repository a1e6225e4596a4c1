/**
 * A client process that opens a connection for each request. Told `<scheme> <port> <count>` on a line
 * of its input, it runs so many clients: each asks again as soon as it has its answer, until nobody
 * listens any more. It prints what became of them as one line of JSON. Ends with its input.
 */
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { createInterface } from 'node:readline';

const requests = { http: plainRequest, https: secureRequest };

/** Asks once. @returns The code of what went wrong. */
function ask(scheme: keyof typeof requests, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => resolve(error.code ?? error.message);
    const where = { port, host: '127.0.0.1', agent: false, rejectUnauthorized: false } as const;
    const asking = requests[scheme](where, (answer) => {
      answer.on('end', () => resolve(undefined)).on('error', fail);
      answer.resume();
    });
    asking.on('error', fail).end();
  });
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [scheme = '', port, count = 0] = line.split(' ');
  const codes: Record<string, number> = {};
  let answered = 0;
  const client = async (): Promise<void> => {
    for (;;) {
      const code = await ask(scheme as keyof typeof requests, Number(port));
      if (code !== undefined) {
        codes[code] = (codes[code] ?? 0) + 1;
        return;
      }
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: Number(count) }, client));
  process.stdout.write(`${JSON.stringify({ answered, codes })}\n`);
}
