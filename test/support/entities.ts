/** Entities as a store would answer with them. */
import {
  type Entities,
  type Entity,
  type EntityKind,
  type EntityValues,
  isOfKind,
} from '../../src/records/entities'

export function entity<K extends EntityKind>(
  kind: K,
  key: string,
  value: EntityValues[K],
  lastSeenMs = 0,
): Entity<K> {
  return { kind, key, value, firstSeenMs: 0, lastSeenMs }
}

/** What a store would answer that holds these. */
export function entitiesOf(all: readonly Entity[]): Entities {
  return (kind) => new Map(all.filter(isOfKind(kind)).map((one) => [one.key, one]))
}
