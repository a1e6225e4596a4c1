import * as node from 'node:timers';

/** What is asked of the global object each time: a test may put fakes there. */
type Globals = Partial<Pick<typeof globalThis, 'setImmediate' | 'clearImmediate'>>;

/** As the global one. A realm with the globals of a browser, such as one of jsdom, has none. */
export function setImmediate(callback: () => void): NodeJS.Immediate {
  return ((globalThis as Globals).setImmediate ?? node.setImmediate)(callback);
}

/** As the global one. */
export function clearImmediate(immediate: NodeJS.Immediate | undefined): void {
  ((globalThis as Globals).clearImmediate ?? node.clearImmediate)(immediate);
}

/** Lets the process end before a timer fires. One of a browser is a number, and ends with its page. */
export function unref(timer: NodeJS.Timeout | undefined): void {
  (timer as Partial<NodeJS.Timeout> | undefined)?.unref?.();
}
