import { guard } from './connection-kind.ts';

/** What is used of an HTTP/2 stream. */
interface Cuttable {
  on(event: 'error', listener: () => void): unknown;
  destroy(error: Error): unknown;
}

/**
 * Ends an HTTP/2 stream by force. Without an error, as when its session is destroyed, and on Bun
 * with `close(code)`, that is a clean end, and half an answer would pass for a whole one.
 */
export function cutStream(stream: Cuttable): void {
  stream.on('error', guard);
  stream.destroy(new Error('The request was not served to its end'));
}
