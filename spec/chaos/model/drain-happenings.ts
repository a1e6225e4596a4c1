import type { DrainHistory } from './drain-history.ts';
import type { Happening } from './history.ts';

/** What may happen to it, by name. */
export const drainHappenings: Record<string, Happening<DrainHistory>> = {
  arrive: (history) => history.arrive(),
  reset: (history, choice) => history.depart(choice, 'reset'),
  halfClose: (history, choice) => history.depart(choice, 'halfClose'),
  join: (history, choice) => history.join(50 + choice * 10, true),
  joinAborted: (history, choice) => history.join(50 + choice * 10, true, true),
  joinAgain: (history) => history.joinAgain(),
  joinNow: (history, choice) => history.join(choice % 4 === 0 ? 0 : 300, false),
  abort: (history, choice) => history.abort(choice),
  closeByOthers: (history) => history.closeByOthers(),
  listen: (history) => history.listen(),
};
