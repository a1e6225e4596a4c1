/** What is in one list at a time. The lists set these. */
export interface Linked<Node> {
  /** The one that it is in. */
  list: Holding<Node> | undefined;
  previous: Node | undefined;
  next: Node | undefined;
}

/** What can let go a thing that it holds. */
interface Holding<Node> {
  /** @returns Whether it was there. */
  delete(node: Node): boolean;
}

/**
 * Things in order, from whose middle each can go. Not a `Set`: as things come and go, V8 makes one
 * table of a `Set` after another, each of which leads to the next and has still what was in it then.
 * Once one has survived, all that come are kept until the next full collection, with the sockets.
 */
export class LinkedList<Node extends Linked<Node>> implements Holding<Node> {
  #first: Node | undefined;
  #last: Node | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The one that has been in it longest. */
  get first(): Node | undefined {
    return this.#first;
  }

  /** The one that has come last. */
  get last(): Node | undefined {
    return this.#last;
  }

  /** Takes it from the list that it is in, and puts it to the end of this one. */
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
    // What has gone leads to nobody.
    node.list = undefined;
    node.previous = undefined;
    node.next = undefined;
    this.#size -= 1;
    return true;
  }

  /** All of them, as of now. */
  all(): Node[] {
    const nodes: Node[] = [];
    for (let node = this.#first; node; node = node.next) nodes.push(node);
    return nodes;
  }
}
