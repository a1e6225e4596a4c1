/**
 * Makes a listener of what is to be called with the emitter itself: one function for all sockets of
 * a server, where a closure, a `once` and its wrapper for each would be a quarter of a kilobyte.
 */
export function emitterListener<Emitter>(
  callback: (emitter: Emitter) => void,
): (this: Emitter) => void {
  return function (this: Emitter) {
    callback(this);
  };
}
