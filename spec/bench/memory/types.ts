/** A look at a process, after a collection: bytes. */
export interface Look {
  /** Of the JavaScript heap. */
  readonly heap: number;
  /** Outside of it, and kept by what is in it. */
  readonly external: number;
  readonly resident: number;
}
