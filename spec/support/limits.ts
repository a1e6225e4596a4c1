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
    title: 'Leave idle HTTP connections open when the listener closes',
    reason: "`close()` of Bun's `http.Server` ends every idle connection, whatever one does.",
  },
  staleSockets: {
    runtimes: ['bun'],
    title: 'Replace the Unix socket that a dead process has left',
    reason:
      'Bun says `ECONNREFUSED` whatever `connect(2)` says, of a live server that is too busy to ' +
      'accept, too: nothing is removed there, and the bind fails with `EADDRINUSE`.',
  },
  inheritedHttp: {
    runtimes: ['bun'],
    title: 'Serve HTTP on an inherited descriptor',
    reason: "Bun's `http.Server` ignores `fd` and listens on a port of its own choice.",
  },
  pipesIntoClosedStream: {
    runtimes: ['deno'],
    title: 'Say with a code that a `pipeline()` leads into a closed stream',
    reason:
      'Deno throws `TypeError: k is not a constructor`, which counts as the fault of a handler.',
  },
} as const satisfies Record<string, Limit>;
