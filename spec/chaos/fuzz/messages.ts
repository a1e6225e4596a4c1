/* What the judge and its processes say to each other: a line of JSON each. */

import type { Account, Where } from './clients/client.ts';
import type { Ticket } from './plan.ts';
import type { Evidence } from './server/evidence.ts';
import type { Sabotage } from './server/sabotage.ts';

export type ClientsOrder =
  | { readonly id: number; readonly does: 'visit'; readonly ticket: Ticket; readonly where: Where }
  | { readonly id: number; readonly does: 'release' };

export type ClientsReply =
  /** Of no round: it can be told of one. */
  | { readonly id: 0; readonly says: 'ready' }
  /** Time runs. */
  | { readonly id: number; readonly says: 'begun' }
  /** All steps have been taken. */
  | { readonly id: number; readonly says: 'taken' }
  | { readonly id: number; readonly says: 'accounts'; readonly accounts: readonly Account[] };

export type ServerOrder =
  | {
      readonly id: number;
      readonly does: 'open';
      readonly ticket: Ticket;
      readonly sabotage?: Sabotage | undefined;
    }
  /** The clients come: time runs. */
  | { readonly id: number; readonly does: 'go' }
  /** Where the plan has no moment for it. */
  | { readonly id: number; readonly does: 'stop' };

export type ServerReply =
  | { readonly id: number; readonly says: 'open'; readonly where: Where }
  | { readonly id: number; readonly says: 'over'; readonly evidence: Evidence }
  /** The last words of the process. */
  | { readonly id: number | undefined; readonly says: 'dying'; readonly error: string };
