/**
 * Endpoints from request paths: `/users/17` and `/users/42` are `/users/*`. A trie of path segments in which a segment that
 * looks like an id, or one of too many at its place, becomes `*`.
 */
import type { Vector } from '../../../records/batch'
import { texts, vectorOf } from '../../operand'
import { type FunctionSpec, scalar } from '../base/function'
import { none } from '../base/units'
import type { Accumulator } from './accumulators'

const ANY = '*'
/** Deeper segments count as one. */
const MAX_DEPTH = 16
/** As many literal segments may stand at one place. */
const MAX_CHILDREN = 64
/** Once a trie has this many nodes, new segments become `*`. */
const MAX_NODES = 10_000
const MAX_TEMPLATES = 1000
const NODE_BYTES = 160

/** Numbers, hexadecimal of some length, UUIDs, and long words with digits: no route has such a name. */
const ID =
  /^(?:\d+|[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}|(?=.*\d)[0-9a-fA-F]{8,}|.{65,}|(?=.*\d)(?=.*[A-Za-z])[\w.~-]{20,})$/

/** The segments of a path, without its query. */
function segmentsOf(path: string): string[] {
  const segments = (path.split(/[?#]/, 1)[0] ?? '').split('/').slice(path.startsWith('/') ? 1 : 0)
  return segments.length > MAX_DEPTH ? [...segments.slice(0, MAX_DEPTH - 1), ANY] : segments
}

const templateOf = (segments: readonly string[]) => `/${segments.join('/')}`

class PathTrie {
  readonly children = new Map<string, PathTrie>()
  ends = false
  #isOpen = true

  /** Adds a path. Returns how many nodes were added, or, if negative, merged away. */
  add(segments: readonly string[], isFull = false, depth = 0): number {
    if (depth === segments.length) {
      this.ends = true
      return 0
    }
    const segment = segments[depth]!
    const isLiteral = this.children.has(segment) || (this.#isOpen && !isFull && !ID.test(segment))
    const name = isLiteral ? segment : ANY
    const known = this.children.get(name)
    const child = known ?? new PathTrie()
    if (!known) this.children.set(name, child)
    const made = (known ? 0 : 1) + child.add(segments, isFull, depth + 1)
    return this.children.size > MAX_CHILDREN ? made - this.#collapse() : made
  }

  /** All literal segments here become one `*`. */
  #collapse(): number {
    const before = this.size
    this.#isOpen = false
    const merged = this.children.get(ANY) ?? new PathTrie()
    for (const [name, child] of this.children) if (name !== ANY) merged.#absorb(child)
    this.children.clear()
    this.children.set(ANY, merged)
    return before - this.size
  }

  #absorb(other: PathTrie): void {
    this.ends ||= other.ends
    this.#isOpen &&= other.#isOpen
    for (const [name, child] of other.children) {
      const target = this.#isOpen ? name : ANY
      const own = this.children.get(target)
      if (own) own.#absorb(child)
      else this.children.set(target, child)
    }
    if (!this.#isOpen && this.children.size > 1) this.#collapse()
    else if (this.children.size > MAX_CHILDREN) this.#collapse()
  }

  get size(): number {
    let size = this.children.size
    for (const child of this.children.values()) size += child.size
    return size
  }

  *templates(before: readonly string[] = []): Generator<string> {
    if (this.ends) yield templateOf(before)
    for (const [name, child] of this.children) yield* child.templates([...before, name])
  }

  /** The template that a path falls under, the most literal one. */
  find(segments: readonly string[], depth = 0): readonly string[] | undefined {
    if (depth === segments.length) return this.ends ? [] : undefined
    for (const name of [segments[depth]!, ANY]) {
      const rest = this.children.get(name)?.find(segments, depth + 1)
      if (rest) return [name, ...rest]
      if (segments[depth] === ANY) break
    }
    return undefined
  }
}

/** JSON arrays of templates; memory is bounded by the shape of the trie, not by the number of paths. */
export class PathClusters implements Accumulator {
  readonly #tries: { readonly trie: PathTrie; nodes: number }[] = []
  #nodes = 0

  add(vector: Vector, groups: Uint32Array, rows: number, _: number): void {
    const { values: codes, dict } = texts(vector)
    /** Which paths of the batch's dictionary a group has seen. */
    const seen = new Set<number>()
    for (let i = 0; i < rows; i++) {
      const group = groups[i]!
      const key = group * dict.length + codes[i]!
      if (seen.has(key)) continue
      seen.add(key)
      const own = this.#tries[group] ?? { trie: new PathTrie(), nodes: 0 }
      this.#tries[group] = own
      const made = own.trie.add(segmentsOf(dict.get(codes[i]!)), own.nodes >= MAX_NODES)
      own.nodes += made
      this.#nodes += made
    }
  }

  finish(count: number): Vector {
    const lists = Array.from({ length: count }, (_, group) => {
      const templates: string[] = []
      for (const template of this.#tries[group]?.trie.templates() ?? []) {
        if (templates.length === MAX_TEMPLATES) break
        templates.push(template)
      }
      return JSON.stringify(templates.sort())
    })
    return vectorOf('STRING', lists)
  }

  get bytes(): number {
    return (this.#nodes + this.#tries.length) * NODE_BYTES
  }
}

let lastClusters = ''
let lastTrie = new PathTrie()

/** The last list stays parsed: a column of paths meets one. */
function trieOf(clusters: string): PathTrie {
  if (clusters === lastClusters) return lastTrie
  let parsed: unknown
  try {
    parsed = JSON.parse(clusters)
  } catch {
    parsed = []
  }
  const trie = new PathTrie()
  for (const template of Array.isArray(parsed) ? parsed.slice(0, MAX_TEMPLATES) : [])
    if (typeof template === 'string') trie.add(segmentsOf(template))
  lastClusters = clusters
  lastTrie = trie
  return trie
}

/** The template of the path; when it falls under none, the path without its query and what looks like an id. */
function predict(path: string, clusters: string): string {
  const segments = segmentsOf(path)
  const found = trieOf(clusters).find(segments)
  return templateOf(found ?? segments.map((segment) => (ID.test(segment) ? ANY : segment)))
}

function matches(path: string, endpoint: string): boolean {
  const segments = segmentsOf(path)
  const template = segmentsOf(endpoint)
  return (
    segments.length === template.length && template.every((part, i) => part === ANY || part === segments[i])
  )
}

export const PATHS: readonly FunctionSpec[] = [
  {
    name: '_predict_request_path_cluster',
    description: 'The template, of those that _build_request_path_clusters found, that a path falls under.',
    unit: none,
    overloads: [
      scalar('path:STRING clusters:STRING -> STRING', (_, path: string, clusters: string) =>
        predict(path, clusters),
      ),
    ],
  },
  {
    name: '_match_endpoint',
    description: 'Whether a path falls under a template, whose * stands for any one segment.',
    unit: none,
    overloads: [
      scalar('path:STRING endpoint:STRING -> BOOLEAN', (_, path: string, endpoint: string) =>
        matches(path, endpoint),
      ),
    ],
  },
]
