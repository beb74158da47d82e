import type { Status } from '../src/api/status'
import type { Runner } from '../src/runner/runner'

/** What the pages need; they know neither the store nor the capture. */
export interface UiDeps {
  readonly runner: Runner
  readonly status: () => Promise<Status> | Status
}
