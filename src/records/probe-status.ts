import { defineTable, int, string, time, upid } from './table'

/** 0 attached, 1 not attached. */
export const PROBE_ATTACHED = 0
export const PROBE_FAILED = 1

/** What could be attached and what could not: partial capture can be asked for like any other data. */
export const probeStatus = defineTable(
  'probe_status',
  'Whether each kernel probe is attached, and if not, why.',
  {
    time_: time('When the status was recorded.'),
    upid: upid("Nixie's own process."),
    source_connector: string('The part of Nixie that the probe feeds.'),
    tracepoint: string('The name of the probe.'),
    status: int('0 attached, 1 not attached.', { pattern: 'GENERAL_ENUM' }),
    error: string('What the kernel said when it was refused; empty when attached.'),
    info: string('JSON: what the probe is for and, when refused, what to do about it.', {
      pattern: 'STRUCTURED',
    }),
  },
)
