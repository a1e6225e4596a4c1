import type { Limit } from './limits.ts';

/** To be moved to `limits.ts`, and so into docs/runtimes.md. */
export const newLimits = {
  countsHandedOff: {
    runtimes: ['bun'],
    title: 'Wait for a connection that a child process was sent',
    reason: '`getConnections()` of Bun does not count it.',
  },
  silentWebSocketClients: {
    runtimes: ['node 26'],
    title: 'Give a client of a `WebSocketServer` with a port time for its first request',
    reason:
      'Its HTTP server is private, and `close()` of one of Node 26 ends at once who has not asked yet.',
  },
} as const satisfies Record<string, Limit>;
