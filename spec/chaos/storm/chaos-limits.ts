import type { Limit } from '../../support/limits.ts';

/** What chaos has found that a runtime cannot do, whoever closes the server. */
export const chaosLimits = {
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
