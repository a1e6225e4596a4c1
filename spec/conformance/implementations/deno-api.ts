/** What is used of Deno's own interface. */
interface Deno {
  listen(options: { port: number; hostname: string }): DenoListener;
  listenTls(options: { port: number; hostname: string; key: string; cert: string }): DenoListener;
  serve(
    options: {
      port: number;
      hostname: string;
      signal?: AbortSignal;
      onListen: () => void;
    },
    handler: (request: Request) => Promise<Response>,
  ): DenoHttpServer;
}

export interface DenoConn {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

export interface DenoListener {
  readonly addr: { readonly port: number };
  close(): void;
  [Symbol.asyncIterator](): AsyncIterator<DenoConn, unknown>;
}

interface DenoHttpServer {
  readonly addr: { readonly port: number };
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

/** Deno's own interface, where the runtime is Deno. */
export function deno(): Deno {
  return Reflect.get(globalThis, 'Deno') as Deno;
}
