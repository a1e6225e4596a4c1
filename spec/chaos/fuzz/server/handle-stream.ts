import type { ServerHttp2Stream } from 'node:http2';
import { Misbehaviour, nothing, type Occasion, prelude } from './occasion.ts';

const LARGE = 1_000_000;

/** Answers a stream of HTTP/2 by its own API. */
export async function handleStream(stream: ServerHttp2Stream, occasion: Occasion): Promise<void> {
  const { act } = occasion;
  if (occasion.isOwned) stream.on('error', nothing);
  if (act === 'early end') return void stream.end();
  if (act !== 'unread') stream.resume();
  await prelude(occasion);
  if (act === 'destroy') return void stream.destroy();
  if (stream.destroyed || stream.headersSent) return;
  if (act === 'odd headers') stream.additionalHeaders({ ':status': 103, link: '</a>' });
  if (act === 'goodbye') stream.session?.goaway();
  stream.respond({ ':status': 200 }, { waitForTrailers: act === 'reads' });
  if (act === 'reads') stream.once('wantTrailers', () => sendTrailers(stream));
  if (act === 'half') {
    stream.write('half');
    throw new Misbehaviour('after half an answer');
  }
  if (act === 'twice') stream.respond({ ':status': 200 });
  stream.end(act === 'large' ? Buffer.alloc(LARGE, 'x') : 'answer');
}

function sendTrailers(stream: ServerHttp2Stream): void {
  try {
    stream.sendTrailers({ 'x-end': '1' });
  } catch {
    // Somebody else has answered, too.
  }
}
