import type { ServeHistory } from './serve-history.ts';
import type { Happening } from './history.ts';

/** What may happen to it, by name. */
export const serveHappenings: Record<string, Happening<ServeHistory>> = {
  arrive: ({ scene }, choice) => scene.arrive(choice),
  reset: ({ scene }, choice) => scene.client(choice, 'clientResets'),
  halfClose: ({ scene }, choice) => scene.client(choice, 'clientEnds'),
  speak: ({ scene }, choice) => scene.client(choice, 'clientWrites'),
  stall: ({ scene }, choice) => scene.clientReads(choice, false),
  read: ({ scene }, choice) => scene.clientReads(choice, true),
  handlerEnds: ({ scene }, choice) => scene.handler(choice, 'end'),
  handlerDestroys: ({ scene }, choice) => scene.handler(choice, 'destroy'),
  resolve: ({ scene }, choice) => scene.settle(choice, 'resolves'),
  fail: ({ scene }, choice) => scene.settle(choice, 'fails'),
  passOn: ({ scene }, choice) => scene.settle(choice, 'passes on'),
  abort: (history) => history.abort(),
  stop: (history) => history.stop(),
  stopSooner: (history) => history.stop(30),
  stopNow: (history) => history.stop(0),
  dispose: (history) => history.dispose(),
  closeByOthers: (history) => history.closeByOthers(),
  acceptError: (history) => history.acceptError(),
  serverError: (history) => history.serverError(),
};
