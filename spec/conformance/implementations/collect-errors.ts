import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Collects what `accept-loop:error` tells of a server itself, until it is told to stop. */
export function collectErrors(server: object, errors: unknown[]): () => void {
  const onError = (message: unknown): void => {
    const { server: from, error, connection } = message as Record<string, unknown>;
    if (from === server && connection === undefined) errors.push(error);
  };
  subscribe('accept-loop:error', onError);
  return () => void unsubscribe('accept-loop:error', onError);
}
