import { getEventListeners, setMaxListeners } from 'node:events';

/** Makes a controller whose signal may be passed to many: Node 20 warns at the eleventh listener. */
export function quietController(): AbortController {
  const controller = new AbortController();
  try {
    setMaxListeners(0, controller.signal);
  } catch {
    // The realm has one that Node does not know, as that of jsdom. It never warns.
  }
  return controller;
}

/** Whether somebody listens to it; it counts as heard where that is not known. */
export function isHeard(signal: AbortSignal): boolean {
  try {
    return getEventListeners(signal, 'abort').length > 0;
  } catch {
    return true;
  }
}
