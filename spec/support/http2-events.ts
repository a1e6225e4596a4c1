import { once } from 'node:events';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  Http2ServerResponse,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import type { Server } from 'node:net';
import type { ServeContext, ServeEventOptions } from '../../lib/index.ts';
import { http2Servers, openSession, readAnswer, type Session } from './drain-http2.ts';
import { eventScene, type ServeScene } from './serve-scene.ts';

/** How an event of an HTTP/2 server brings the stream of a client. */
interface Bringing {
  readonly streamOf: (connection: unknown[], signal: AbortSignal) => Promise<ServerHttp2Stream>;
  readonly ask: (session: ClientHttp2Session) => ClientHttp2Stream;
}

const get = (session: ClientHttp2Session): ClientHttp2Stream => session.request({ ':path': '/' });

const events = {
  stream: {
    streamOf: async ([stream]) => stream as ServerHttp2Stream,
    ask: get,
  },
  session: {
    streamOf: async ([session], signal) => {
      const [stream] = await once(session as ServerHttp2Session, 'stream', { signal });
      return stream as ServerHttp2Stream;
    },
    ask: get,
  },
  connect: {
    streamOf: async ([, response]) => (response as Http2ServerResponse).stream,
    ask: (session) => session.request({ ':method': 'CONNECT', ':authority': 'localhost:80' }),
  },
} as const satisfies Record<string, Bringing>;

type Event = keyof typeof events;

/** An event of an HTTP/2 server, and a way to listen. */
export interface EventMode {
  readonly title: string;
  readonly event: Event;
  readonly scheme: 'http' | 'https';
  readonly create: () => Server;
}

const servers = Object.entries(http2Servers);

/** Every event over every way to listen. */
export const eventModes: readonly EventMode[] = servers.flatMap(([name, { scheme, create }]) =>
  (['stream', 'session', 'connect'] as const).map((event) => ({
    title: `'${event}' of ${name}`,
    event,
    scheme,
    create: () => create() as Server,
  })),
);

/** Called with the stream of each client. */
export type ServeStream = (stream: ServerHttp2Stream, context: ServeContext) => unknown;

function nobody(): void {}

/** Serves streams, brought by any of the events. */
export function streamScene(
  { event, create }: EventMode,
  serveStream: ServeStream,
  options: Omit<ServeEventOptions<unknown[]>, 'event'> = {},
): Promise<ServeScene<Server>> {
  const server = create();
  // Without a listener for 'request', Node emits no 'connect'.
  if (event === 'connect') server.on('request', nobody);
  const { streamOf } = events[event];
  return eventScene<unknown[]>(
    server,
    async (connection, context) => {
      await serveStream(await streamOf(connection, context.signal), context);
    },
    { event, ...options },
  );
}

/** What a client has received of its stream, and how the stream ended. */
export interface Outcome {
  readonly body: string;
  /** The error code with which the stream ended. */
  readonly code: number | undefined;
  /** Whether the stream came to a clean end. */
  readonly isWhole: boolean;
}

export interface StreamClient extends Session {
  readonly stream: ClientHttp2Stream;
  readonly outcome: Promise<Outcome>;
}

/** Opens a client with one stream. It ends its side when the server has ended its own side. */
export async function askForStream(server: Server, mode: EventMode): Promise<StreamClient> {
  const session = await openSession(server, mode.scheme);
  return { ...session, ...ask(session.session, mode) };
}

/** Opens one more stream of a session. */
export function ask(
  session: ClientHttp2Session,
  { event }: Pick<EventMode, 'event'>,
): Pick<StreamClient, 'stream' | 'outcome'> {
  const stream = events[event].ask(session);
  return { stream, outcome: outcomeOf(stream) };
}

async function outcomeOf(stream: ClientHttp2Stream): Promise<Outcome> {
  let isWhole = false;
  stream.on('end', () => {
    isWhole = true;
    stream.end();
  });
  stream.on('error', () => (isWhole = false));
  const { body, code } = await readAnswer(stream);
  return { body, code, isWhole: isWhole && code === 0 };
}
