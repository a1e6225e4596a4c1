/**
 * The tasks that have begun and not ended.
 */
export class InFlight<Task> implements Iterable<Task> {
  readonly #tasks = new Set<Task>();
  readonly #onDelete: () => void;

  /** @param onDelete - Called after each task that ends. */
  constructor(onDelete: () => void) {
    this.#onDelete = onDelete;
  }

  get size(): number {
    return this.#tasks.size;
  }

  add(task: Task): void {
    this.#tasks.add(task);
  }

  /** Tells of the end of a task, once. */
  delete(task: Task): void {
    if (this.#tasks.delete(task)) this.#onDelete();
  }

  has(task: Task): boolean {
    return this.#tasks.has(task);
  }

  [Symbol.iterator](): Iterator<Task> {
    return this.#tasks.values();
  }
}
