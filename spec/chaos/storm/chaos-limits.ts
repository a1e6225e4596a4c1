import type { Limit } from '../../support/limits.ts';

/** What chaos has found that a runtime cannot do, whoever closes the server. */
export const chaosLimits = {
  pipelinedTls: {
    runtimes: ['deno'],
    title: 'Answer requests that are pipelined over TLS',
    reason:
      'Deno now and then ends such a connection before the last answer has left, without a ' +
      'shutdown, too.',
  },
  closedTlsResponses: {
    runtimes: ['deno'],
    title: 'End an HTTPS connection as soon as its last answer has left',
    reason:
      'On Deno a response over TLS that has ended does not always close: now and then grace ends ' +
      'the connection.',
  },
  cutUploads: {
    runtimes: ['bun'],
    title: 'Tell a handler that an upload of HTTP/2 was cut by force',
    reason: 'On Bun the request of a stream that was destroyed ends as if all of it had come.',
  },
  halfOpenTls: {
    runtimes: ['deno'],
    title: 'Hear a TLS client out that talks on while it is answered',
    reason:
      'Deno closes a TLS socket with `end()`: the client is reset in the place of the answer.',
  },
} as const satisfies Record<string, Limit>;
