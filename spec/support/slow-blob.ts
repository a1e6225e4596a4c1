import type { WebSocket } from 'ws';

/** A blob that is read once a promise has settled, as one of a slow disk is. */
export class SlowBlob extends Blob {
  readonly #isReady: Promise<unknown>;

  constructor(parts: readonly string[], isReady: Promise<unknown>) {
    super([...parts]);
    this.#isReady = isReady;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    await this.#isReady;
    return super.arrayBuffer();
  }
}

/** Sends a blob, which the types of ws do not have. */
export function sendBlob(webSocket: WebSocket, blob: Blob): void {
  webSocket.send(blob as object as Buffer);
}
