/**
 * Makes a listener that calls `callback` with the emitter itself. One such function serves all
 * sockets of a server. A closure, a `once` and its wrapper for each socket would take a quarter of
 * a kilobyte.
 */
export function emitterListener<Emitter>(
  callback: (emitter: Emitter) => void,
): (this: Emitter) => void {
  return function (this: Emitter) {
    callback(this);
  };
}
