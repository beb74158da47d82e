import { defineTable, gauge, int, string, time, upid } from './table'

export const stackTraces = defineTable(
  'stack_traces.beta',
  'Where processes spend processor time: sampled stacks',
  {
    time_: time('When the samples were summed up'),
    upid: upid('The process'),
    stack_trace_id: int('Number of the stack, the same as long as its text is'),
    stack_trace: string('Frames from the outermost to the innermost, joined by ;'),
    count: gauge('Samples with this stack'),
  },
)
