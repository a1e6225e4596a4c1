import type { TaskGroupHistory, How } from './task-group-history.ts';
import type { Happening } from './history.ts';

const ways: readonly How[] = ['resolves', 'fails', 'reason', 'AbortError', 'undefined'];
const wayOf = (choice: number): How => ways[choice % ways.length] ?? 'resolves';

/** What may happen to it, by name. */
export const taskGroupHappenings: Record<string, Happening<TaskGroupHistory>> = {
  run: (history) => history.run(false),
  runFollowed: (history) => history.run(true),
  throw: (history) => history.throwOne(),
  await: (history, choice) => history.await(choice),
  runTooLate: (history) => history.runTooLate(),
  resolve: (history, choice) => history.settleTask(choice, 'resolves'),
  fail: (history, choice) => history.settleTask(choice, 'fails'),
  settle: (history, choice) => history.settleTask(0, wayOf(choice)),
  settleBody: (history, choice) => history.settleBody(wayOf(choice)),
  cancel: (history) => history.cancel(),
  abort: (history) => history.abort(),
};
