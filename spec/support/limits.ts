export interface Limit {
  /** Names or labels of `runtime.ts`: `'deno'`, `'bun'`, `'node'`, `'node 20'`. */
  readonly runtimes: readonly string[];
  /** What holds elsewhere and does not hold here. */
  readonly title: string;
  readonly reason: string;
}

/**
 * What a runtime cannot do, whatever this package does. A spec names the one it runs into by
 * `{ cannot: limits.name }`; docs/runtimes.md is written from this list.
 */
export const limits = {
  exactLastCall: {
    runtimes: ['deno'],
    title: 'Serve everybody who waits in the accept queue at the abort',
    reason:
      'Deno accepts up to 128 connections ahead of JavaScript and closes them with the listener. ' +
      'A longer pause serves most stops (docs/decisions/0001-last-call.md), not every one.',
  },
  acceptsOneByOne: {
    runtimes: ['bun', 'deno'],
    title: 'Hand a connection to a consumer that waits before the next one is accepted',
    reason:
      'Bun and Deno accept up to hundreds in one turn of the event loop, and consumers run after ' +
      'it: `maxQueued` has to be larger than what may come at once.',
  },
  abortListenerResists: {
    runtimes: ['deno'],
    title: 'Hear an abort whose earlier listener called `stopImmediatePropagation()`',
    reason: '`events.addAbortListener` does not resist `stopImmediatePropagation()` on Deno.',
  },
  httpNewcomers: {
    runtimes: ['bun'],
    title: 'Wait for, or end, an HTTP connection that has not made a whole request',
    reason:
      "Bun's `http.Server` tells of a connection only with its first request, and `close()` drops " +
      'the others or leaves them open.',
  },
  requestAfterClose: {
    runtimes: ['deno'],
    title: 'Answer a request that comes behind the response under way at the abort',
    reason: 'Deno ends the connection after the response that was under way at `close()`.',
  },
  readsWhilePaused: {
    runtimes: ['deno'],
    title: 'Notice that a client has reset a WebSocket that waits in the queue',
    reason: 'Deno reads nothing of a paused socket; the consumer is handed one that is closed.',
  },
  endsInvalidWebSocket: {
    runtimes: ['bun'],
    title: 'End a WebSocket that has sent an invalid frame',
    reason: "Bun puts its own WebSockets in the place of `ws`'s; they leave such a client waiting.",
  },
  countsHandedOff: {
    runtimes: ['bun', 'deno'],
    title: 'Wait for a connection that a child process was sent, and count it as one',
    reason:
      '`getConnections()` of Bun does not count it. That of Deno counts one more once the listener ' +
      'is closed, and does not tell whether a socket was sent or has closed.',
  },
  silentWebSocketClients: {
    runtimes: ['node 26'],
    title: 'Give a client of a `WebSocketServer` with a port time for its first request',
    reason:
      'Its HTTP server is private, and `close()` of one of Node 26 ends at once each client that has not asked yet.',
  },
  refusalsOverTls: {
    runtimes: ['deno'],
    title: 'Read over TLS that a request line is refused',
    reason: 'Deno destroys a TLS socket now and then before the `400` of its own parser has left.',
  },
  strayBytes: {
    runtimes: ['deno'],
    title: 'End an HTTP connection in time that has sent empty lines behind a request',
    reason:
      'They look like half a head, whose time it gets. `closeIdleConnections()`, which tells them ' +
      'apart elsewhere, ends half a head as well on Deno.',
  },
  unixHandshakes: {
    runtimes: ['bun'],
    title: 'End a TLS client of a Unix socket whose handshake has just begun at the end',
    reason: 'Bun tells of such a connection late, now and then when all is over, and counts none.',
  },
  refusedBody: {
    runtimes: ['bun'],
    title: 'Let a body arrive that was refused, and comes all the same more than a second later',
    reason: "`bytesRead` of Bun's HTTP sockets stays 0: whether something comes is not to be seen.",
  },
  countedWork: {
    runtimes: ['bun', 'deno'],
    title: 'Count how often each block of the package runs',
    reason: "Node's inspector does; what one client can make much of is the same on all.",
  },
  instrumented: {
    runtimes: ['bun', 'deno'],
    title: "Be traced by OpenTelemetry's instrumentation of `node:http`",
    reason: 'It wraps what Node requires; neither runtime lets it.',
  },
  firstSignalListener: {
    runtimes: ['deno'],
    title: 'Hear a signal before listeners that were added earlier',
    reason:
      'Deno calls the listeners of a signal in the order in which they were added, whatever was ' +
      'prepended: one that throws keeps the later ones from being called, and one that takes ' +
      'itself off is not in the count of the warning.',
  },
  denoListen: {
    runtimes: ['node', 'bun'],
    title: 'Compare with `Deno.listen`',
    reason: 'It is an API of Deno.',
  },
  endOfEarlyAnsweredUpload: {
    runtimes: ['deno'],
    title: 'End a connection when an upload has arrived that was answered before',
    reason: 'Deno tells neither of the end of such a request nor of its close.',
  },
  resetVisible: {
    runtimes: ['bun'],
    title: 'Tell a reset from a clean end',
    reason: 'Bun hides `ECONNRESET`: a reset looks like a clean end.',
  },
  backlog: {
    runtimes: ['bun'],
    title: 'Let more than 512 clients wait in the accept queue',
    reason: 'Bun listens with a backlog of 512, whatever it is told.',
  },
  ipcListenerCount: {
    runtimes: ['bun'],
    title: 'Hold a process with an IPC channel while others than `shutdownSignal` listen to it',
    reason:
      'Bun no longer counts the listeners after `process.channel.unref()`, and does not tell when ' +
      'one is taken off: it holds for good once another has come, and not at all after a dispose.',
  },
  idleAfterClose: {
    runtimes: ['bun'],
    title: 'Close the listener of an HTTP server before the idle time of a shutdown is over',
    reason:
      "`close()` of Bun's `http.Server` ends every idle connection, whatever one does: `serve` and " +
      '`drain` call it when `idle` is over, and serve new clients until then.',
  },
  shortageKills: {
    runtimes: ['deno'],
    title: 'Outlive a shortage of descriptors',
    reason:
      'Deno panics, or accepts no more, when `accept(2)` says `EMFILE`; and it accepts up to 128 ' +
      'connections ahead of JavaScript, which can keep it from that only where there are more.',
  },
  shortageSpins: {
    runtimes: ['bun'],
    title: 'Stay idle while no descriptor is left and clients wait',
    reason:
      'Bun asks `accept(2)` again and again, at the cost of a whole processor. Node ends who ' +
      'waits, with a descriptor that it keeps for that.',
  },
  slowAnswerAfterClose: {
    runtimes: ['bun'],
    title: 'Wait for an HTTP answer that its client reads slowly',
    reason:
      "`close()` of Bun's `http.Server` takes a connection whose answer is still leaving for an " +
      'idle one, and ends it: the client has a part of it.',
  },
  connectionsAfterClose: {
    runtimes: ['bun'],
    title: 'Wait for the connections of a server that was closed before `drain` was called',
    reason: 'On Bun `getConnections()` of a closed server says 0, whatever is open.',
  },
  staleSockets: {
    runtimes: ['bun'],
    title: 'Replace the Unix socket that a dead process has left',
    reason:
      'Bun says `ECONNREFUSED` whatever `connect(2)` says, of a live server that is too busy to ' +
      'accept, too: nothing is removed there, and the bind fails with `EADDRINUSE`. So it does on ' +
      'macOS and BSD (docs/decisions/0007-when-a-socket-file-is-stale.md).',
  },
  openListeners: {
    runtimes: ['bun'],
    title: 'Listen with the open listener of another server, or of another process',
    reason: "Bun's `server.listen(handle)` wants a port or a path, whatever it is given.",
  },
  inheritedHttp: {
    runtimes: ['bun'],
    title: 'Serve HTTP on an inherited descriptor',
    reason: "Bun's `http.Server` ignores `fd` and listens on a port of its own choice.",
  },
  streamAfterGoaway: {
    runtimes: ['node', 'deno'],
    title: 'Serve an HTTP/2 stream that crosses the first GOAWAY',
    reason:
      'nghttp2, which Node and Deno use, refuses every stream once it has sent a GOAWAY, whatever ' +
      'id that names; the second GOAWAY tells the client, and to retry is safe.',
  },
  goawayMeetsStream: {
    runtimes: ['deno'],
    title: 'End HTTP/2 sessions at whatever moment of their streams',
    reason:
      'When a GOAWAY meets a stream that is closing, Deno aborts now and then in an assertion of ' +
      'nghttp2 (`find_stream_on_goaway_func`).',
  },
  endAfterLateStream: {
    runtimes: ['bun'],
    title: 'End an HTTP/2 session before grace whose client begins a stream after the last GOAWAY',
    reason: 'Bun refuses such a stream, and waits for its end all the same.',
  },
  webSocketBytes: {
    runtimes: ['bun'],
    title: 'Know a WebSocket in conversation by the bytes that came, and not by whole messages',
    reason:
      "`bytesRead` of Bun's HTTP sockets stays 0. `drain` listens to `'message'` there: it hears " +
      'nothing of a part of a message, of a client that was handed to a callback alone a moment ' +
      'ago, or when the owner takes all listeners off.',
  },
  standaloneSockets: {
    runtimes: ['bun'],
    title: 'Count and end clients of a `WebSocketServer` with a port that open no WebSocket',
    reason: 'Its HTTP server is private, and Bun does not publish the sockets that it accepts.',
  },
  pausedTls: {
    runtimes: ['deno'],
    title: 'Hold a TLS peer back by reading late',
    reason: 'Deno reads a TLS socket on while it is paused.',
  },
  tellsOfListening: {
    runtimes: ['bun'],
    title: 'Tell on a diagnostics channel of each server that listens',
    reason:
      'Bun publishes nothing on `tracing:net.server.listen`. So nothing leads to the private ' +
      'server of `@grpc/grpc-js`.',
  },
  uncaughtAtTop: {
    runtimes: ['bun'],
    title: 'End the process at an uncaught error while a module awaits at its top',
    reason: 'Bun prints the error and goes on waiting: a framework whose port is taken hangs.',
  },
  pipesIntoClosedStream: {
    runtimes: ['deno'],
    title: 'Say with a code that a `pipeline()` leads into a closed stream',
    reason:
      'Deno throws `TypeError: k is not a constructor`, which counts as the fault of a handler.',
  },
  rollingStops: {
    runtimes: ['bun', 'deno'],
    title: 'Stop the workers of a cluster in turn without losing a request',
    reason:
      "Bun's workers listen each for themselves, and closing a listener resets who waits in it. " +
      "Deno's workers do not end under round robin when connections come while the server closes, " +
      'whoever closes it, and they are started without the flags of the primary.',
  },
  orphans: {
    runtimes: ['deno'],
    title: 'End a cluster worker that has drained when its primary is gone',
    reason: 'Now and then Deno does not notice that the primary is gone, and holds the worker.',
  },
  socketsOfSessions: {
    runtimes: ['deno'],
    title: 'End an HTTP/2 session that nobody serves while its client keeps the connection',
    reason: 'On Deno `destroy()` of the session, and of its socket, leaves the connection open.',
  },
  emptyTlsWrites: {
    runtimes: ['deno'],
    title: 'Write an empty chunk to a TLS socket',
    reason:
      'Once bytes have been written, nothing leaves a TLS socket of Deno behind an empty chunk, ' +
      'and no callback is called. A bare `response.end()` writes one, too.',
  },
  unansweredStreams: {
    runtimes: ['bun'],
    title: 'End an HTTP/2 stream by `destroy()` before its answer has begun',
    reason:
      'Bun then sends an empty DATA frame before any HEADERS, which is no HTTP/2: it takes the ' +
      "client's whole session down, and one of Node 20 does not even hear of its end.",
  },
  slowTlsClients: {
    runtimes: ['deno'],
    title: 'Read a TLS connection slowly, to its end',
    reason:
      'A client of Deno that pauses and resumes a TLS socket often stops reading, or does not hear ' +
      'of the end, whatever runtime the server runs on.',
  },
} as const satisfies Record<string, Limit>;
