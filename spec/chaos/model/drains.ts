import { subscribe } from 'node:diagnostics_channel';

const drains = new WeakMap<object, unknown[]>();

subscribe('accept-loop:drain', (message) => {
  const { server, reason } = message as { server: object; reason: unknown };
  drains.set(server, [...(drains.get(server) ?? []), reason]);
});

/** The reasons of the shutdowns of a server that have been published: there is one at the most. */
export function drainsOf(server: object): readonly unknown[] {
  return drains.get(server) ?? [];
}
