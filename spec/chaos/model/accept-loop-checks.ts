import type { Fate } from './accept-loop-model.ts';
import type { FakeSocket } from './fake-socket.ts';
import { expect } from './history.ts';

/** Asserts that a connection was refused if it had to be, and has the guard and nothing else. */
export function checkSocket(socket: FakeSocket, fate: Fate | undefined): void {
  if (fate === 'either') return;
  const isRefused = fate === 'shed' || fate === 'discarded';
  expect(socket.refusals, isRefused ? 1 : 0, 'refusals');
  if (fate === 'unheard') return;
  expect(socket.listenerCount('error'), 1, 'guards');
  const isWatched = fate === 'waiting' ? 1 : 0;
  expect(socket.listenerCount('close'), isWatched + socket.ownersListeners, 'watchers');
}
