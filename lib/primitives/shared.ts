const nothing = (): void => {};

/** Takes a callback, and returns what takes it back. */
export type Subscribe<Told extends unknown[]> = (callback: (...told: Told) => void) => () => void;

/**
 * Lets any number of callbacks share one listener: it comes with the first and goes with the last.
 *
 * @param listen - Puts the listener there, and returns what takes it off. Not called again before
 * that.
 */
export function shared<Told extends unknown[]>(listen: Subscribe<Told>): Subscribe<Told> {
  const entries = new Set<(...told: Told) => void>();
  let stopListening = nothing;
  const tell = (...told: Told): void => {
    // Who is added while others are told waits for the next time, and who is taken back is not told.
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
