import { defineTable, int, string, time, upid } from './table'

export const COMPONENT_WORKS = 0
export const COMPONENT_FAILS = 1

export const stirlingError = defineTable(
  'stirling_error',
  'Whether the parts of Nixie work, and if not, why',
  {
    time_: time('When it was so'),
    upid: upid("Nixie's own process"),
    source_connector: string('The part of Nixie'),
    status: int('0 all of it works, 1 a part of it does not', { pattern: 'GENERAL_ENUM' }),
    error: string('What went wrong'),
    context: string('JSON: how many of its probes are attached, and what is missing', {
      pattern: 'STRUCTURED',
    }),
  },
)
