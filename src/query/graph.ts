/** Walks over the graph of a plan. */
import type { Node, Plan } from './plan'

export function inputsOf(node: Node): readonly Node[] {
  switch (node.op) {
    case 'scan':
    case 'empty':
    case 'virtual':
      return []
    case 'join':
      return [node.left, node.right]
    case 'union':
      return node.inputs
    default:
      return [node.input]
  }
}

/** The node over other inputs, in the same order. */
export function withInputs(node: Node, map: (input: Node) => Node): Node {
  switch (node.op) {
    case 'scan':
    case 'empty':
    case 'virtual':
      return node
    case 'join':
      return { ...node, left: map(node.left), right: map(node.right) }
    case 'union':
      return { ...node, inputs: node.inputs.map(map) }
    default:
      return { ...node, input: map(node.input) }
  }
}

/** Every node once, each before what it reads. */
export function consumersFirst(plan: Plan): Node[] {
  const order: Node[] = []
  const seen = new Set<Node>()
  const visit = (node: Node): void => {
    if (seen.has(node)) return
    seen.add(node)
    for (const input of inputsOf(node)) visit(input)
    order.push(node)
  }
  for (const { node } of plan.outputs) visit(node)
  return order.reverse()
}

/** How often each node is read. */
export function readers(plan: Plan): Map<Node, number> {
  const counts = new Map<Node, number>()
  const count = (node: Node) => counts.set(node, (counts.get(node) ?? 0) + 1)
  for (const { node } of plan.outputs) count(node)
  for (const node of consumersFirst(plan)) for (const input of inputsOf(node)) count(input)
  return counts
}

/** The side of a join that streams past the other, which is held. */
export const probeOf = (join: Extract<Node, { op: 'join' }>): 'left' | 'right' =>
  join.how === 'right' ? 'right' : 'left'
