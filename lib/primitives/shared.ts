const nothing = (): void => {};

/** Takes a callback, and returns a function that removes it. */
export type Subscribe<Told extends unknown[]> = (callback: (...told: Told) => void) => () => void;

/**
 * Lets any number of callbacks share one listener. The listener is added with the first callback
 * and removed with the last.
 *
 * @param listen - Adds the listener, and returns a function that removes it. It is not called again
 * before the listener was removed.
 */
export function shared<Told extends unknown[]>(listen: Subscribe<Told>): Subscribe<Told> {
  const entries = new Set<(...told: Told) => void>();
  let stopListening = nothing;
  const tell = (...told: Told): void => {
    // A callback that is added during this loop is first called next time. A callback that is
    // removed during the loop is not called.
    const present = [...entries];
    for (const entry of present) if (entries.has(entry)) entry(...told);
  };
  return (callback) => {
    const entry = (...told: Told): void => callback(...told);
    entries.add(entry);
    if (entries.size === 1) stopListening = listen(tell);
    return () => {
      if (entries.delete(entry) && entries.size === 0) stopListening();
    };
  };
}
