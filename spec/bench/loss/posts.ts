import { Agent, type ClientRequest, request as httpRequest } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import type { ClientName } from './types.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Makes a request with this body. Rejects when no answer comes, or not the whole of it. */
export type Post = (body: string) => Promise<Answer>;

/** Milliseconds after which a request counts as not answered. */
const PATIENCE = 5000;

const headers = { 'content-type': 'application/json' };

/** On a used connection the stop may have crossed the request; on a new one it was never served. */
function reason(request: ClientRequest, { code, message }: NodeJS.ErrnoException): Error {
  return new Error(`${code ?? message}, ${request.reusedSocket ? 'used' : 'new'} connection`);
}

async function withHttpAgent(port: number): Promise<Post> {
  const agent = new Agent({ keepAlive: true });
  const options = { agent, host: '127.0.0.1', port, method: 'POST', timeout: PATIENCE };
  return (body) =>
    new Promise((resolve, reject) => {
      const length = { 'content-length': Buffer.byteLength(body) };
      const request = httpRequest({ ...options, headers: { ...headers, ...length } });
      const fail = (error: Error): void => reject(reason(request, error));
      request.on('error', fail);
      request.on('timeout', () => request.destroy(new Error('no answer')));
      request.on('response', (response) => {
        const status = response.statusCode ?? 0;
        textOf(response).then((text) => resolve({ status, text }), fail);
      });
      request.end(body);
    });
}

async function withUndici(port: number): Promise<Post> {
  const { Agent: UndiciAgent, request } = await import('undici');
  const dispatcher = new UndiciAgent({ headersTimeout: PATIENCE, bodyTimeout: PATIENCE });
  return async (body) => {
    const options = { dispatcher, method: 'POST', headers, body } as const;
    const answer = await request(`http://127.0.0.1:${port}/`, options);
    return { status: answer.statusCode, text: await answer.body.text() };
  };
}

/** For each kind of client, how it makes requests on its own pool of keep-alive connections. */
export const posts: Readonly<Record<ClientName, (port: number) => Promise<Post>>> = {
  'http.Agent': withHttpAgent,
  undici: withUndici,
};
