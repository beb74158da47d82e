import type { Status } from '../src/api/status'
import type { Entities } from '../src/records/entities'
import type { Runner } from '../src/runner/runner'

/** A node whose pages can be seen here. */
export interface NodeName {
  readonly name: string
  /** The node that answers. */
  readonly own: boolean
}

/** The parts that pages need; they know neither the store's tables nor the capture. */
export interface UiDeps {
  readonly runner: Runner
  readonly status: () => Promise<Status> | Status
  /** What records refer to: processes, the cluster's objects. Without it arguments get no suggestions. */
  readonly entities?: Entities
  /** The nodes of the cluster; without it there is only this one. */
  readonly nodes?: () => readonly NodeName[]
}
