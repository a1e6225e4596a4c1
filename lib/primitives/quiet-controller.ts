import { getEventListeners, setMaxListeners } from 'node:events';

/**
 * Makes a controller whose signal may have many listeners without a warning. Node 20 would warn at
 * the eleventh.
 */
export function quietController(): AbortController {
  const controller = new AbortController();
  try {
    setMaxListeners(0, controller.signal);
  } catch {
    // Node does not recognise the signals of some realms, such as jsdom's. They never warn.
  }
  return controller;
}

/** Whether a signal has a listener. `true` where that cannot be known. */
export function isHeard(signal: AbortSignal): boolean {
  try {
    return getEventListeners(signal, 'abort').length > 0;
  } catch {
    return true;
  }
}
