/** What limits are about: the sections of docs/runtimes.md, in their order. */
export const subjects = [
  'Listening and the accept queue',
  'HTTP/1',
  'HTTP/2',
  'WebSocket',
  'TCP and TLS',
  'Processes, signals and clusters',
  'The tests themselves',
] as const;

export interface Limit {
  /** Names or labels of `runtime.ts`: `'deno'`, `'bun'`, `'node'`, `'node 20'`. */
  readonly runtimes: readonly string[];
  /** The fact that holds elsewhere and does not hold on these runtimes. */
  readonly title: string;
  readonly reason: string;
}

/** A limit that docs/runtimes.md lists. */
export interface PublicLimit extends Limit {
  readonly about: (typeof subjects)[number];
}

/**
 * The limits of runtimes, which this package cannot change. A spec that meets a limit names it by
 * `{ cannot: limits.name }`. docs/runtimes.md is written from this list.
 */
export const limits = {
  exactLastCall: {
    about: 'Listening and the accept queue',
    runtimes: ['deno'],
    title: 'Serve every client that waits in the accept queue at the abort',
    reason:
      'Deno accepts up to 128 connections ahead of JavaScript and closes them with the ' +
      'listener. A longer pause serves most stops, and not every one ' +
      '(docs/decisions/0001-last-call.md).',
  },
  acceptsOneByOne: {
    about: 'Listening and the accept queue',
    runtimes: ['bun', 'deno'],
    title: 'Hand a connection to a waiting consumer before the next one is accepted',
    reason:
      'Bun and Deno accept up to hundreds in one turn of the event loop, and consumers run ' +
      'after it. `maxQueued` has to be larger than the number that may come at once.',
  },
  signalsOfMain: {
    about: 'Processes, signals and clusters',
    runtimes: ['deno'],
    title: 'Receive signals in the main thread alone',
    reason:
      'Deno calls the listeners of a worker thread, too: a `shutdownSignal` made there aborts.',
  },
  abortListenerResists: {
    about: 'Processes, signals and clusters',
    runtimes: ['deno'],
    title: 'Hear an abort although an earlier listener called `stopImmediatePropagation()`',
    reason: 'On Deno, `events.addAbortListener` does not resist `stopImmediatePropagation()`.',
  },
  httpNewcomers: {
    about: 'HTTP/1',
    runtimes: ['bun'],
    title: 'Wait for, or end, an HTTP connection that has not made a whole request',
    reason:
      "Bun's `http.Server` reports a connection only with its first request. `close()` drops " +
      'the others or leaves them open.',
  },
  requestAfterClose: {
    about: 'HTTP/1',
    runtimes: ['deno'],
    title: 'Answer a request that comes behind the one whose response is under way at the abort',
    reason: 'Deno ends the connection after the response that was under way at `close()`.',
  },
  readsWhilePaused: {
    about: 'WebSocket',
    runtimes: ['deno'],
    title: 'Notice that a client has reset a WebSocket that waits in the queue',
    reason: 'Deno reads nothing from a paused socket. The consumer gets a closed WebSocket.',
  },
  endsInvalidWebSocket: {
    about: 'WebSocket',
    runtimes: ['bun'],
    title: 'End a WebSocket that has sent an invalid frame',
    reason: 'Bun replaces the WebSockets of `ws` by its own, which leave such a client waiting.',
  },
  countsHandedOff: {
    about: 'Processes, signals and clusters',
    runtimes: ['bun', 'deno'],
    title: 'Wait for a connection that was sent to a child process, and count it as one',
    reason:
      '`getConnections()` of Bun does not count it. `getConnections()` of Deno counts one ' +
      'more once the listener is closed, and does not tell whether a socket was sent or has ' +
      'closed.',
  },
  silentWebSocketClients: {
    about: 'WebSocket',
    runtimes: ['node 26'],
    title: 'Give a client of a `WebSocketServer` with a port time for its first request',
    reason:
      'Its HTTP server is private. On Node 26, `close()` of that server ends at once each ' +
      'client that has not made a request yet.',
  },
  refusalsOverTls: {
    about: 'TCP and TLS',
    runtimes: ['deno'],
    title: 'Send a client over TLS the `400` that refuses its request line',
    reason: 'Deno sometimes destroys a TLS socket before the `400` of its own parser has left.',
  },
  strayBytes: {
    about: 'HTTP/1',
    runtimes: ['deno'],
    title: 'End in time an HTTP connection that has sent empty lines behind a request',
    reason:
      'The empty lines look like half a head, and get the time of one. Elsewhere ' +
      '`closeIdleConnections()` tells them apart. On Deno it ends half a head as well.',
  },
  unixHandshakes: {
    about: 'TCP and TLS',
    runtimes: ['bun'],
    title: 'End a TLS client of a Unix socket whose handshake begins at the end of a shutdown',
    reason: 'Bun reports such a connection late, sometimes after the end, and counts none.',
  },
  refusedBody: {
    about: 'HTTP/1',
    runtimes: ['bun'],
    title: 'Receive for more than a second a request body that was refused and comes all the same',
    reason:
      "`bytesRead` of Bun's HTTP sockets stays 0, so it cannot be seen whether something " +
      'comes.',
  },
  countedWork: {
    about: 'The tests themselves',
    runtimes: ['bun', 'deno'],
    title: 'Count how often each block of the package runs',
    reason:
      "Only Node's inspector counts that. The work that one client can cause is the same on " +
      'all runtimes.',
  },
  collectedGarbage: {
    about: 'The tests themselves',
    runtimes: ['bun', 'deno'],
    title: 'Tell which objects are still in memory',
    reason:
      'Bun may take a number on the stack for a reference to an object. Deno collects at a ' +
      'given moment only with a flag.',
  },
  instrumented: {
    about: 'Processes, signals and clusters',
    runtimes: ['bun', 'deno'],
    title: "Be traced by OpenTelemetry's instrumentation of `node:http`",
    reason: 'The instrumentation wraps what Node requires. Neither Bun nor Deno allows that.',
  },
  firstSignalListener: {
    about: 'Processes, signals and clusters',
    runtimes: ['deno'],
    title: 'Hear a signal before listeners that were added earlier',
    reason:
      'Deno calls the listeners of a signal in the order in which they were added, even if ' +
      'one was prepended. If one throws, the later ones are not called. If one removes ' +
      'itself, the warning does not count it.',
  },
  denoListen: {
    about: 'The tests themselves',
    runtimes: ['node', 'bun'],
    title: 'Compare with `Deno.listen`',
    reason: '`Deno.listen` is an API of Deno.',
  },
  endOfEarlyAnsweredUpload: {
    about: 'HTTP/1',
    runtimes: ['deno'],
    title: 'End a connection once an upload has arrived whose answer was sent before',
    reason: 'Deno reports neither the end of such a request nor its close.',
  },
  resetVisible: {
    about: 'TCP and TLS',
    runtimes: ['bun'],
    title: 'Tell a reset from a clean end',
    reason: 'Bun hides `ECONNRESET`: a reset looks like a clean end.',
  },
  backlog: {
    about: 'Listening and the accept queue',
    runtimes: ['bun'],
    title: 'Let more than 512 clients wait in the accept queue',
    reason: 'Bun always listens with a backlog of 512.',
  },
  ipcListenerCount: {
    about: 'Processes, signals and clusters',
    runtimes: ['bun'],
    title:
      'Keep a process with an IPC channel alive while code other than `shutdownSignal` listens to it',
    reason:
      'Bun no longer counts the listeners after `process.channel.unref()`, and does not ' +
      'report when one is removed. The process stays alive for good once another listener ' +
      'has been added, and does not stay alive at all after a dispose.',
  },
  idleAfterClose: {
    about: 'Listening and the accept queue',
    runtimes: ['bun'],
    title: 'Close the listener of an HTTP server before the idle time of a shutdown is over',
    reason:
      "`close()` of Bun's `http.Server` always ends every idle connection. So `serve` and " +
      '`drain` call it when `idle` is over, and serve new clients until then.',
  },
  shortageKills: {
    about: 'Listening and the accept queue',
    runtimes: ['deno'],
    title: 'Survive a shortage of descriptors',
    reason:
      'Deno panics, or accepts no more, when `accept(2)` fails with `EMFILE`. It also ' +
      'accepts up to 128 connections ahead of JavaScript, so a limit prevents the shortage ' +
      'only if more than 128 descriptors are left.',
  },
  shortageSpins: {
    about: 'Listening and the accept queue',
    runtimes: ['bun'],
    title: 'Stay idle while no descriptor is left and clients wait',
    reason:
      'Bun calls `accept(2)` again and again, and uses a whole processor. Node ends the ' +
      'waiting clients, with a descriptor that it keeps for that.',
  },
  slowAnswerAfterClose: {
    about: 'HTTP/1',
    runtimes: ['bun'],
    title: 'Wait for an HTTP answer that its client reads slowly',
    reason:
      "`close()` of Bun's `http.Server` takes a connection for idle while its answer is " +
      'still leaving, and ends it. The client gets a part of the answer.',
  },
  connectionsAfterClose: {
    about: 'Listening and the accept queue',
    runtimes: ['bun'],
    title: 'Wait for the connections of a server that was closed before `drain` was called',
    reason: 'On Bun, `getConnections()` of a closed server always says 0.',
  },
  staleSockets: {
    about: 'Listening and the accept queue',
    runtimes: ['bun'],
    title: 'Replace the Unix socket that a dead process has left',
    reason:
      'Bun reports `ECONNREFUSED` for every error of `connect(2)`, even for a live server ' +
      'that is too busy to accept. So nothing is removed there, and the bind fails with ' +
      '`EADDRINUSE`. The same holds on macOS and BSD ' +
      '(docs/decisions/0007-when-a-socket-file-is-stale.md).',
  },
  openListeners: {
    about: 'Listening and the accept queue',
    runtimes: ['bun'],
    title: 'Listen with the open listener of another server, or of another process',
    reason: "Bun's `server.listen(handle)` always wants a port or a path.",
  },
  inheritedHttp: {
    about: 'Listening and the accept queue',
    runtimes: ['bun'],
    title: 'Serve HTTP on an inherited descriptor',
    reason: "Bun's `http.Server` ignores `fd` and listens on a port of its own choice.",
  },
  earlierSessions: {
    about: 'HTTP/2',
    runtimes: ['node 20', 'node 22'],
    title: 'End an idle HTTP/2 session without TLS from before the call of `drain`',
    reason:
      'Node has no list of such sessions, and does not end them in `close()` before Node 24. ' +
      'They stay open until `grace`, and after it.',
  },
  streamAfterGoaway: {
    about: 'HTTP/2',
    runtimes: ['node', 'deno'],
    title: 'Serve an HTTP/2 stream that crosses the first GOAWAY',
    reason:
      'Node and Deno use nghttp2. Once it has sent a GOAWAY, it refuses every stream, ' +
      'whatever id the GOAWAY names. The second GOAWAY tells the client, and retrying is ' +
      'safe.',
  },
  goawayMeetsStream: {
    about: 'HTTP/2',
    runtimes: ['deno'],
    title: 'End HTTP/2 sessions at any moment of their streams',
    reason:
      'When a GOAWAY meets a stream that is closing, Deno sometimes aborts in an assertion ' +
      'of nghttp2 (`find_stream_on_goaway_func`).',
  },
  endAfterLateStream: {
    about: 'HTTP/2',
    runtimes: ['bun'],
    title: 'End an HTTP/2 session before grace if its client begins a stream after the last GOAWAY',
    reason: 'Bun refuses such a stream, but still waits for its end.',
  },
  pausedSessions: {
    about: 'HTTP/2',
    runtimes: ['bun'],
    title: 'Answer further HTTP/2 streams of a client that has paused a large answer',
    reason: 'On Bun, such a client gets nothing more of its session, also when it reads again.',
  },
  webSocketBytes: {
    about: 'WebSocket',
    runtimes: ['bun'],
    title: 'Recognise a WebSocket in conversation by received bytes, and not by whole messages',
    reason:
      "`bytesRead` of Bun's HTTP sockets stays 0, so `drain` listens to `'message'` there. " +
      'It does not notice a part of a message, or a client that was just passed only to a ' +
      'callback. It notices nothing once the owner has removed all listeners.',
  },
  standaloneSockets: {
    about: 'WebSocket',
    runtimes: ['bun'],
    title: 'Count and end clients of a `WebSocketServer` with a port that open no WebSocket',
    reason: 'Its HTTP server is private, and Bun does not publish the sockets that it accepts.',
  },
  pausedTls: {
    about: 'TCP and TLS',
    runtimes: ['deno'],
    title: 'Hold a TLS client back by not reading from it',
    reason: 'Deno goes on reading from a TLS socket while it is paused.',
  },
  uncaughtAtTop: {
    about: 'Processes, signals and clusters',
    runtimes: ['bun'],
    title: 'End the process at an uncaught error while a module awaits at its top',
    reason: 'Bun prints the error and goes on waiting: a framework whose port is in use hangs.',
  },
  pipesIntoClosedStream: {
    about: 'TCP and TLS',
    runtimes: ['deno'],
    title: 'Give the error of a `pipeline()` into a closed stream a code',
    reason:
      'Deno throws `TypeError: k is not a constructor`, which counts as an error of the ' +
      'handler.',
  },
  rollingStops: {
    about: 'Processes, signals and clusters',
    runtimes: ['bun', 'deno'],
    title: 'Stop the workers of a cluster in turn without losing a request',
    reason:
      "Each of Bun's workers has its own listener, and closing it resets the clients in its " +
      "queue. Deno's workers do not end under round robin if connections come while the " +
      'server closes, whichever code closes it. They are also started without the flags of ' +
      'the primary.',
  },
  orphans: {
    about: 'Processes, signals and clusters',
    runtimes: ['deno'],
    title: 'End a cluster worker that has drained when its primary is gone',
    reason: 'Deno sometimes does not notice that the primary is gone, and keeps the worker alive.',
  },
  socketsOfSessions: {
    about: 'HTTP/2',
    runtimes: ['deno'],
    title: 'End an HTTP/2 session that no handler serves while its client keeps the connection',
    reason: 'On Deno, `destroy()` of the session, and of its socket, leaves the connection open.',
  },
  emptyTlsWrites: {
    about: 'TCP and TLS',
    runtimes: ['deno'],
    title: 'Write an empty chunk to a TLS socket',
    reason:
      'On Deno, once bytes have been written to a TLS socket, nothing leaves it behind an ' +
      'empty chunk, and no callback is called. A bare `response.end()` writes an empty ' +
      'chunk, too.',
  },
  unansweredStreams: {
    about: 'HTTP/2',
    runtimes: ['bun'],
    title: 'End an HTTP/2 stream by `destroy()` before its answer has begun',
    reason:
      'Bun then sends an empty DATA frame before any HEADERS, which violates HTTP/2 and ends ' +
      "the client's whole session. A client on Node 20 does not even hear of the end.",
  },
  listeningServers: {
    about: 'Listening and the accept queue',
    runtimes: ['bun'],
    title: 'Find every server of a process: `accept-loop/register`, and the private server of gRPC',
    reason:
      'Bun publishes nothing on `tracing:net.server.listen`. `accept-loop/register` ends the ' +
      'process at its start, with an error that says so.',
  },
  slowTlsClients: {
    about: 'TCP and TLS',
    runtimes: ['deno'],
    title: 'Read a TLS connection slowly, to its end',
    reason:
      'A client on Deno that pauses and resumes a TLS socket often stops reading, or does ' +
      "not hear of the end. This does not depend on the server's runtime.",
  },
} as const satisfies Record<string, PublicLimit>;
