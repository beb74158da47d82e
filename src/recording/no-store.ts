/** A store that keeps nothing: recording makes rows only so that the kernel is told what it is told when they are kept. */
import type { StoreWriter } from '../store/store'

export const NO_STORE: StoreWriter = {
  append() {},
  *appendInSteps() {},
  putEntities() {},
  maintain: () => false,
  markDamaged() {},
  fileBytes: () => 0,
  stats: () => ({
    expiredRows: 0,
    goneRows: 0,
    writtenBytes: 0,
    compactedBytes: 0,
    budgetBytes: 0,
    forgottenProcesses: 0,
  }),
  close() {},
}
