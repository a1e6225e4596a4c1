import * as node from 'node:timers';

/** Read from the global object at each call, because a test may put fakes there. */
type Globals = Partial<Pick<typeof globalThis, 'setImmediate' | 'clearImmediate'>>;

/** The global `setImmediate`, or Node's in a realm without one, such as jsdom's. */
export function setImmediate(callback: () => void): NodeJS.Immediate {
  return ((globalThis as Globals).setImmediate ?? node.setImmediate)(callback);
}

/** The global `clearImmediate`, or Node's in a realm without one. */
export function clearImmediate(immediate: NodeJS.Immediate | undefined): void {
  ((globalThis as Globals).clearImmediate ?? node.clearImmediate)(immediate);
}

/** Lets the process end before the timer fires. In a realm such as jsdom's, a timer is a number. */
export function unref(timer: NodeJS.Timeout | undefined): void {
  (timer as Partial<NodeJS.Timeout> | undefined)?.unref?.();
}
