import type { Status } from '../src/api/status'
import type { Runner } from '../src/runner/runner'
import type { Entities } from './entities'

/** What the pages need; they know neither the store's tables nor the capture. */
export interface UiDeps {
  readonly runner: Runner
  readonly status: () => Promise<Status> | Status
  /** What records refer to: processes, the cluster's objects. Without it arguments get no suggestions. */
  readonly entities?: Entities
}
