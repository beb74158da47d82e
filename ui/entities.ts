/** Names of objects for views: suggestions for arguments, and the overview of a cluster. */
import { nameOf } from '../src/metadata/names'
import { type Entities, type Entity, isLiving, type ObjectKind } from '../src/records/entities'
import type { ScriptVariable } from '../src/runner/runner'

export const KINDS = ['pod', 'service', 'namespace', 'node'] as const
export type Kind = (typeof KINDS)[number]

const KIND_OF: Readonly<Record<string, Kind>> = {
  PX_POD: 'pod',
  PX_SERVICE: 'service',
  PX_NAMESPACE: 'namespace',
  PX_NODE: 'node',
}

/** The kind of object that a variable names; undefined for plain values. */
export const kindOf = ({ type }: Pick<ScriptVariable, 'type'>): Kind | undefined => KIND_OF[type]

/** A process that was not seen for this long has probably ended. */
const RECENT_MS = 5 * 60_000

/** Objects that exist now. */
export const living = <K extends ObjectKind>(entities: Entities, kind: K): Entity<K>[] =>
  [...entities(kind).values()].filter(isLiving)

/** Outside of Kubernetes a pod is a container, a unit or a command. */
function processNames(entities: Entities, nowMs: number): string[] {
  return [...entities('process').values()]
    .filter(({ lastSeenMs }) => nowMs - lastSeenMs < RECENT_MS)
    .map(({ value }) => nameOf(value))
}

/** The node that the names are for. */
export interface Here {
  readonly entities: Entities
  /** The name of this node. */
  readonly host: string
  readonly nowMs: number
}

/** Objects that exist without a cluster: this node, and its processes in place of pods. */
function ownNames(kind: Kind, objects: readonly string[], { entities, host, nowMs }: Here): string[] {
  if (kind === 'node') return [host]
  return kind === 'pod' && objects.length === 0 ? processNames(entities, nowMs) : []
}

/** Sorted names that hold `part`, those that begin with it first. */
export function namesOf(kind: Kind, part: string, here: Here): string[] {
  const objects = living(here.entities, kind).map(({ value }) => value.name ?? '')
  const all = [...objects, ...ownNames(kind, objects, here)]
  const wanted = part.toLowerCase()
  const isLater = (name: string) => (name.toLowerCase().startsWith(wanted) ? 0 : 1)
  return [...new Set(all)]
    .filter((name) => name !== '' && name.toLowerCase().includes(wanted))
    .sort((a, b) => isLater(a) - isLater(b) || (a < b ? -1 : 1))
}
