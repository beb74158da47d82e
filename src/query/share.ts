/**
 * Merges equal parts of a plan, so that scans, filters and expressions that several functions of a view share run once.
 */
import { inputsOf, probeOf, withInputs } from './graph'
import type { Node, Plan } from './plan'

/** A text that tells plain values apart, JSON but for numbers: -0 and NaN are their own. Places in the script don't count. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (key, part) =>
    key === 'place' && part?.line !== undefined
      ? undefined
      : typeof part === 'bigint'
        ? { bigint: String(part) }
        : typeof part === 'number'
          ? { number: Object.is(part, -0) ? '-0' : String(part) }
          : part,
  )
}

/** A key of a node from all its fields. Equal input nodes share a number. */
const keyOf = (node: Node, inputs: readonly number[]) =>
  textOf({ ...node, input: undefined, left: undefined, right: undefined, inputs })

/**
 * The side of a join that streams past the held one keeps its own scan when it had one: rows of a scan that others
 * read earlier would have to wait in memory.
 */
export function share(plan: Plan, readers: ReadonlyMap<Node, number>): Plan {
  const numbers = new Map<Node, number>()
  const known = new Map<string, Node>()
  const done = new Map<Node, Node>()
  const own = (node: Node): Node => {
    if (readers.get(node) !== 1) return rewrite(node)
    switch (node.op) {
      case 'scan':
        return { ...node }
      case 'filter':
      case 'project':
      case 'limit':
        return { ...node, input: own(node.input) }
      default:
        return rewrite(node)
    }
  }
  const rewrite = (node: Node): Node => {
    const before = done.get(node)
    if (before) return before
    const merged = withInputs(node, rewrite)
    const key = keyOf(
      merged,
      inputsOf(merged).map((input) => numbers.get(input)!),
    )
    let result = known.get(key)
    if (!result) {
      result =
        merged.op === 'join'
          ? { ...merged, [probeOf(merged)]: own((node as typeof merged)[probeOf(merged)]) }
          : merged
      known.set(key, result)
      numbers.set(result, numbers.size)
    }
    done.set(node, result)
    return result
  }
  return { outputs: plan.outputs.map(({ name, node }) => ({ name, node: rewrite(node) })) }
}
