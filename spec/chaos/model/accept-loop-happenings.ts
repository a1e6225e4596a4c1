import type { AcceptLoopHistory } from './accept-loop-history.ts';
import type { Happening } from './history.ts';

/** What may happen to it, by name. */
export const acceptLoopHappenings: Record<string, Happening<AcceptLoopHistory>> = {
  arrive: (history) => history.arrive(),
  arriveFateful: (history) => history.arriveFateful(),
  arriveTooLate: (history) => history.arriveTooLate(),
  reset: (history, choice) => history.depart(choice, 'reset'),
  halfClose: (history, choice) => history.depart(choice, 'halfClose'),
  next: (history) => history.ask(1, false),
  break: (history) => history.ask(1, true),
  take: (history, choice) => history.ask(1 + (choice % 3), choice % 2 === 0),
  return: (history) => history.leave('return'),
  throw: (history) => history.leave('throw'),
  dispose: (history) => history.leave('dispose'),
  abort: (history) => history.abort(),
  serverError: (history) => history.serverError(),
  acceptError: (history) => history.acceptError(),
  closeByOthers: (history) => history.closeByOthers(),
  listen: (history) => history.listen(),
  acceptTwice: (history) => history.acceptTwice(),
};
