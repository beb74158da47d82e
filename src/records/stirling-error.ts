import { defineTable, int, string, time, upid } from './table'

export const stirlingError = defineTable('stirling_error', 'What the parts of Nixie could not do', {
  time_: time('When it happened'),
  upid: upid("Nixie's own process"),
  source_connector: string('The part of Nixie'),
  status: int('0 it works, else the number of the error', { pattern: 'GENERAL_ENUM' }),
  error: string('What went wrong'),
  context: string('What it was doing, as JSON'),
})
