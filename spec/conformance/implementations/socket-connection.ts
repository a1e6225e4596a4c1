import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Connection } from '../implementation.ts';

/** What a server of Node brings: a socket, or a request with its response. */
export type Brought = Socket | [IncomingMessage, ServerResponse];

export function connectionOf(brought: Brought): Connection {
  return Array.isArray(brought) ? exchange(...brought) : stream(brought);
}

function stream(socket: Socket): Connection {
  let chunks: AsyncIterator<unknown> | undefined;
  return {
    async read() {
      chunks ??= socket.iterator({ destroyOnReturn: false });
      const { done, value } = await chunks.next();
      return done === true ? '' : String(value);
    },
    write: (text) => void socket.write(text),
    end: (text = '') => void socket.end(text),
  };
}

function exchange(request: IncomingMessage, response: ServerResponse): Connection {
  return {
    read: async () => request.url ?? '',
    write: (text) => void response.write(text),
    end: (text = '') => void response.end(text),
  };
}
