import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';

/** A client that cannot be ended by force. */
export class Client extends EventEmitter {
  readonly calls: string[] = [];
  closed = false;

  /**
   * @param methods - The names of its methods. @param event - The event that it emits at its end.
   */
  constructor(methods: readonly string[], event = 'close') {
    super();
    for (const name of methods) {
      Object.assign(this, {
        [name]: () => {
          this.calls.push(name);
          this.leave(event);
        },
      });
    }
  }

  /** Ends the client. */
  leave(event = 'close'): void {
    if (this.closed) return;
    this.closed = true;
    setImmediate(() => this.emit(event));
  }
}

/** An emitter whose `close()` ends every client that it has brought. */
export class Hub extends EventEmitter {
  readonly clients: Client[] = [];
  closes = 0;

  bring(client: Client): Client {
    this.clients.push(client);
    this.emit('client', client);
    return client;
  }

  close(): void {
    this.closes += 1;
    for (const client of this.clients) client.leave();
    setImmediate(() => this.emit('close'));
  }
}

export type Datagram = [message: Buffer, sender: RemoteInfo];

/** A UDP socket that is bound, and a client that collects its answers. */
export async function datagrams(): Promise<{
  socket: Socket;
  ask: (text: string) => void;
  answers: string[];
  leave: () => void;
}> {
  const [socket, client] = [createSocket('udp4'), createSocket('udp4')];
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const answers: string[] = [];
  client.on('message', (message) => answers.push(message.toString()));
  const { port } = socket.address();
  return {
    socket,
    ask: (text) => client.send(text, port, '127.0.0.1'),
    answers,
    leave: () => void client.close(),
  };
}

/** Answers a datagram, and waits until the answer has been handed to the kernel. */
export function reply(socket: Socket, [message, { port, address }]: Datagram): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(message, port, address, (error) => (error ? reject(error) : resolve()));
  });
}
