import type { Feature } from '../implementation.ts';

/** What none of them has, and why this package does not: what it was made for. */
export const outOfScope = {
  'state hooks': 'there are no hooks; `accept-loop:accept` and `:end` are diagnostics channels',
  'queue timeout': 'a connection waits for a slot until grace; `maxQueued` bounds how many wait',
  'limits that change': '`concurrency` is fixed when the serving begins',
  'uncounted connections': 'a task counts until its handler has ended, and its connection with it',
  'waits for a count': '`stats` can be read; changes are published on diagnostics channels',
  alarms: 'metrics are not in scope; a subscriber of `accept-loop:accept` can count',
  backoff: 'Node accepts again by itself, so there is nothing to delay (B39 to B41)',
  'program upgrade':
    'a process manager is not in scope; `listen` takes inherited descriptors and `reusePort`',
} as const satisfies Partial<Record<Feature, string>>;
