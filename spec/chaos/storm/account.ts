/* What a client tells of its visit. */

/** What has become of one request, as its client saw it. */
export type Outcome =
  /** Answered, and every byte is right. */
  | 'whole'
  /** Answered to the end, and a byte is not right. */
  | 'wrong'
  /** Part of an answer came. */
  | 'cut'
  /** It was sent, and nothing came. */
  | 'nothing'
  /** 500 */
  | 'failed'
  /** 503 */
  | 'unavailable'
  /** Refused as safe to retry, or the WebSocket was closed in order. */
  | 'retry'
  /** The listener was closed. */
  | 'refused'
  /** It was not sent, or not all of it. */
  | 'unsent'
  /** Nothing happened until patience was over. */
  | 'hung';

export interface WantAccount {
  readonly key: string;
  outcome: Outcome;
  /** Which of the client's connections it was sent on. */
  connection: number;
  /** Whether an answer before it had said that it was the last one of the connection. */
  isAfterLast: boolean;
  askedAt: number;
  /** Of HTTP/1: whether the answer said that it was the last one of the connection. */
  saysClose: boolean;
  endedAt: number;
}

export interface ConnectionAccount {
  readonly openedAt: number;
  port: number;
  /** 0 if it never was. */
  connectedAt: number;
  endedAt: number;
  /** `end`, `ECONNRESET`, …; `ours` when the client ended it by force. */
  how: string;
}

export interface VisitAccount {
  readonly index: number;
  readonly wants: WantAccount[];
  readonly connections: ConnectionAccount[];
  /** What happened, with the time. */
  readonly diary: [at: number, text: string][];
  /** Bytes of answers that were compared. */
  checked: number;
  hung: boolean;
  /** An error of the client itself. */
  error?: string;
}

/** What the clients are told. */
export interface Errand {
  readonly round: number;
  readonly kind: string;
  readonly port: number;
  readonly path: string;
  /** Milliseconds after which a visit that has not ended counts as hung. */
  readonly patience: number;
  readonly visits: readonly unknown[];
}
