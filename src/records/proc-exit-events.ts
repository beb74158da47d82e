import { defineTable, int, string, time, upid } from './table'

export const procExitEvents = defineTable('proc_exit_events', 'Processes that ended', {
  time_: time('When the process ended'),
  upid: upid('The process'),
  exit_code: int('Its exit code'),
  signal: int('The signal that ended it; 0 when it ended by itself'),
  comm: string('Its name'),
})
