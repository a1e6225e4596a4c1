/**
 * A client process with two pools of kept connections, that of `node:http` and that of undici. Told
 * `<port> <count>` on a line of its input, it runs so many clients on each: a client posts a word,
 * reads it back, thinks for up to 20 ms, and goes on until an answer says `Connection: close` or
 * nobody listens any more. It prints `busy` when each has had its first answers, and in the end
 * what became of them as one line of JSON. Ends with its input.
 */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { Pool } from 'undici';

/** How long a client thinks at the most, in milliseconds. */
const THINK = 20;

/** Requests that each client makes before the process counts as busy. */
const WARM = 3;

/** After this long, in milliseconds, an answer that has not come is a failure. */
const PATIENCE = 5000;

interface Answer {
  readonly status: number;
  readonly closes: boolean;
  readonly body: string;
}

interface Clients {
  readonly post: (body: string) => Promise<Answer>;
  readonly end: () => Promise<void>;
}

const headers = { 'content-type': 'text/plain' };

/** The pool of `node:http`. */
function agentClients(port: number, count: number): Clients {
  const agent = new Agent({ keepAlive: true, maxSockets: count, maxFreeSockets: count });
  return {
    async post(body) {
      const options = { port, host: '127.0.0.1', path: '/', method: 'POST', agent, headers };
      const asking = request({ ...options, timeout: PATIENCE });
      asking.on('timeout', () => asking.destroy(new Error('no answer')));
      asking.end(body);
      const [answer] = (await once(asking, 'response')) as [IncomingMessage];
      const { statusCode = 0, headers: told } = answer;
      return { status: statusCode, closes: told.connection === 'close', body: await text(answer) };
    },
    async end() {
      agent.destroy();
    },
  };
}

function undiciClients(port: number, count: number): Clients {
  const timeouts = { headersTimeout: PATIENCE, bodyTimeout: PATIENCE };
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: count, ...timeouts });
  return {
    async post(body) {
      const answer = await pool.request({ path: '/', method: 'POST', body, headers });
      const closes = answer.headers['connection'] === 'close';
      return { status: answer.statusCode, closes, body: await answer.body.text() };
    },
    end: () => pool.destroy(),
  };
}

const start = { agent: agentClients, undici: undiciClients };

type Kind = keyof typeof start;

async function runPool(kind: Kind, port: number, count: number, warm: () => void) {
  const { post, end } = start[kind](port, count);
  const outcome = { answered: 0, closed: 0, refused: 0, failures: [] as string[] };
  const ask = async (word: string): Promise<boolean> => {
    try {
      const { status, closes, body } = await post(word);
      if (status === 200 && body === word) outcome.answered += 1;
      else outcome.failures.push(`${status} ${body}`);
      if (closes) outcome.closed += 1;
      return !closes;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ECONNREFUSED') outcome.refused += 1;
      else outcome.failures.push(code ?? message);
      return false;
    }
  };
  const client = async (_: unknown, number: number): Promise<void> => {
    for (let turn = 1; await ask(`${number}/${turn}`); turn += 1) {
      if (turn === WARM) warm();
      await setTimeout(Math.random() * THINK);
    }
  };
  await Promise.all(Array.from({ length: count }, client));
  await end();
  return outcome;
}

for await (const line of createInterface(process.stdin)) {
  const [port = 0, count = 0] = line.split(' ').map(Number);
  let cold = 2 * count;
  const warm = (): void => {
    cold -= 1;
    if (cold === 0) process.stdout.write('busy\n');
  };
  const run = (kind: Kind) => runPool(kind, port, count, warm);
  const [agent, undici] = await Promise.all([run('agent'), run('undici')]);
  process.stdout.write(`${JSON.stringify({ agent, undici })}\n`);
}
