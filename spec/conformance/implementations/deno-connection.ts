import type { DenoConn } from './deno-api.ts';
import type { Connection, Context, Handler } from '../implementation.ts';

/** Deno has no such signals for handlers: what needs them is not asked of it. */
const noContext = undefined as unknown as Context;

export function connectionOf(conn: DenoConn): Connection {
  let written: Promise<unknown> = Promise.resolve();
  const write = (text: string): void => {
    written = written.then(() => conn.write(new TextEncoder().encode(text))).catch(() => {});
  };
  return {
    async read() {
      const buffer = new Uint8Array(65_536);
      const length = (await conn.read(buffer)) ?? 0;
      return new TextDecoder().decode(buffer.subarray(0, length));
    },
    write,
    end(text) {
      if (text !== undefined) write(text);
      void written.then(() => conn.close());
    },
  };
}

/** Calls a handler as a careful user does. */
export async function guarded(handler: Handler, conn: DenoConn): Promise<void> {
  try {
    await handler(connectionOf(conn), noContext);
  } catch {
    conn.close();
  }
}

/** A request with its response, in the words of a connection. */
export async function toResponse(handler: Handler, request: Request): Promise<Response> {
  let body = '';
  const write = (text = ''): void => void (body += text);
  const read = async (): Promise<string> => new URL(request.url).pathname;
  await handler({ read, write, end: write }, noContext);
  return new Response(body);
}
