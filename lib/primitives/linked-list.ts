/** An item that can be in one list at a time. Only the lists set these fields. */
export interface Linked<Node> {
  /** The list that it is in. */
  list: Holding<Node> | undefined;
  previous: Node | undefined;
  next: Node | undefined;
}

/** An object that holds items and can let one go. */
interface Holding<Node> {
  /** @returns Whether the item was there. */
  delete(node: Node): boolean;
}

/**
 * Items in order. Each can be removed, also from the middle.
 *
 * This is not a `Set`, because of how V8 stores one. As items come and go, V8 replaces the table of
 * a `Set` by a new one again and again. An old table points to the next one, and still holds the
 * items that it had. Once an old table has survived a collection, all later tables and items stay
 * in memory until the next full collection, with their sockets.
 */
export class LinkedList<Node extends Linked<Node>> implements Holding<Node> {
  #first: Node | undefined;
  #last: Node | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The item that was added first. */
  get first(): Node | undefined {
    return this.#first;
  }

  /** The item that was added last. */
  get last(): Node | undefined {
    return this.#last;
  }

  /** Removes the item from the list that it is in, and adds it to the end of this one. */
  add(node: Node): void {
    node.list?.delete(node);
    node.list = this;
    node.previous = this.#last;
    if (this.#last) this.#last.next = node;
    else this.#first = node;
    this.#last = node;
    this.#size += 1;
  }

  delete(node: Node): boolean {
    if (node.list !== this) return false;
    const { previous, next } = node;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    // A removed item must not keep others in memory.
    node.list = undefined;
    node.previous = undefined;
    node.next = undefined;
    this.#size -= 1;
    return true;
  }

  /** A copy: later changes of the list do not change it. */
  all(): Node[] {
    const nodes: Node[] = [];
    for (let node = this.#first; node; node = node.next) nodes.push(node);
    return nodes;
  }
}
