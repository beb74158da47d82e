/** A table as scripts see it. */
import type { Column } from '../../records/table'

export interface TableSchema {
  readonly name: string
  readonly columns: readonly Column[]
  /** False when nothing fills it yet: who reads it is warned. */
  readonly recorded?: boolean
}
