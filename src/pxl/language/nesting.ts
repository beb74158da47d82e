/** Measures how deeply a tree's nodes nest, without recursion. */
import type { SyntaxNodeRef } from '@lezer/common'

/** Nodes that hold others of their kind. */
const NESTS = /(?:Expression|Definition|Pattern|FormatReplacement)$/

export class Nesting {
  /** Ends of the nodes around the one that was entered last, the outermost first. */
  readonly #ends: number[] = []

  /** Levels around a node, with its own; nodes are entered in the order in which they begin. */
  enter({ name, from, to }: SyntaxNodeRef): number {
    while (this.#ends.length > 0 && this.#ends.at(-1)! <= from) this.#ends.pop()
    if (NESTS.test(name)) this.#ends.push(to)
    return this.#ends.length
  }
}
