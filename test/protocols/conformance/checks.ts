/** Every check of the suite, by name. */
import { arrivalChecks } from './arrival'
import { capabilityChecks, claimChecks } from './capabilities'
import type { Check } from './check'
import { hostileChecks } from './hostile'
import { lossChecks } from './loss'
import { memoryChecks } from './memory'
import { recognitionChecks } from './recognition'

export const CHECKS: readonly Check[] = [
  ...claimChecks,
  ...arrivalChecks,
  ...lossChecks,
  ...capabilityChecks,
  ...memoryChecks,
  ...hostileChecks,
  ...recognitionChecks,
]
