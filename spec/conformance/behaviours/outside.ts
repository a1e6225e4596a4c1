import { limits } from '../../support/limits.ts';
import type { Outside } from '../behaviour.ts';

/** What is shown elsewhere, on whole processes, and what none of the implementations is made for. */
export const outside: readonly Outside[] = [
  {
    number: 24,
    title: 'calls a hook at each state of a connection, in order',
    needs: ['state hooks'],
  },
  {
    number: 33,
    title: 'ends a connection that has waited too long for a slot, and no other',
    needs: ['queue timeout'],
  },
  {
    number: 35,
    title: 'accepts a new limit while it serves',
    needs: ['limits that change'],
  },
  {
    number: 36,
    title: 'frees the slot of a connection that its handler has released',
    needs: ['uncounted connections'],
  },
  {
    number: 37,
    title: 'can wait until it has a given number of connections',
    needs: ['waits for a count'],
  },
  {
    number: 38,
    title: 'raises an alarm when it has too many connections',
    needs: ['alarms'],
  },
  {
    number: 43,
    title: 'accepts again later after an error, by one timer that a stop clears',
    needs: ['backoff'],
  },
  {
    number: 44,
    title: 'survives 1000 clients with too few descriptors, and serves later clients',
    needs: ['descriptors'],
    shownBy: {
      spec: 'spec/chaos/faults/descriptors.spec.ts',
      title: 'is outlived: the process serves again when they are back',
    },
    cannot: limits.shortageKills,
  },
  {
    number: 51,
    title: 'hands over to a new version of the program, or goes on if that fails',
    needs: ['program upgrade'],
  },
  {
    number: 52,
    title: 'is restarted worker by worker under load without losing a request',
    needs: ['rolling stops'],
    shownBy: {
      spec: 'spec/interop/loss.spec.ts',
      title: 'of a cluster lose no request of busy keep-alive clients',
    },
    cannot: limits.rollingStops,
  },
];
