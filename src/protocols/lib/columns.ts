/** Columns that the tables of protocols share. */
import { bool, extra, int, string, time, upid } from '../../records/table'

/** Where a record was seen: the first columns of each protocol's table. */
export const seenAt = {
  time_: time('When the last byte of the response was moved'),
  upid: upid('Process that owns the traced end'),
  remote_addr: string('Address of the other end', { semantic: 'ST_IP_ADDRESS' }),
  remote_port: int('Port of the other end', { semantic: 'ST_PORT' }),
  local_addr: string('Address of the traced end', { semantic: 'ST_IP_ADDRESS' }),
  local_port: int('Port of the traced end', { semantic: 'ST_PORT' }),
  trace_role: int('Role of the traced process: 1 client, 2 server, 4 unknown', { pattern: 'GENERAL_ENUM' }),
} as const

export const encrypted = bool('True when the connection is encrypted', { pattern: 'GENERAL_ENUM' })

export const latency = int('From the first byte of the request to the last byte of the response', {
  semantic: 'ST_DURATION_NS',
  pattern: 'METRIC_GAUGE',
})

/** The other end, where it is known: the last column of each protocol's table. */
export const remoteUpid = extra(
  upid('Process that owns the other end, when it runs on this node; empty otherwise'),
)

/** How an exchange of request and response ended; usually `complete`. */
export type Outcome = 'complete' | 'cut' | 'running' | 'waiting' | 'unanswered'
export const outcome = extra(
  string(
    'complete; cut: bytes of it went by unseen, or the connection ended within it; running: the response is still ' +
      'coming; waiting: no response yet; unanswered: the connection ended without one',
    { pattern: 'GENERAL_ENUM' },
  ),
)

const enumeration = { pattern: 'GENERAL_ENUM' } as const

/** A number out of a fixed set. */
export const code = (description: string) => int(description, enumeration)
export const keyword = (description: string) => string(description, enumeration)

/** JSON. */
export const structured = (description: string) => string(description, { pattern: 'STRUCTURED' })
