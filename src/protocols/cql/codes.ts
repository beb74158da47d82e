/** Names of what the protocol numbers: native_protocol_v5.spec §3, §4.2.5 and §9. */

const CONSISTENCIES =
  'ANY ONE TWO THREE QUORUM ALL LOCAL_QUORUM EACH_QUORUM SERIAL LOCAL_SERIAL LOCAL_ONE'.split(' ')

/** '' where there is none of this number. */
export const consistencyName = (code: number): string => CONSISTENCIES[code] ?? ''

const ERRORS: ReadonlyMap<number, string> = new Map([
  [0x0000, 'Server error'],
  [0x000a, 'Protocol error'],
  [0x0100, 'Authentication error'],
  [0x1000, 'Unavailable'],
  [0x1001, 'Overloaded'],
  [0x1002, 'Is bootstrapping'],
  [0x1003, 'Truncate error'],
  [0x1100, 'Write timeout'],
  [0x1200, 'Read timeout'],
  [0x1300, 'Read failure'],
  [0x1400, 'Function failure'],
  [0x1500, 'Write failure'],
  [0x1600, 'CDC write failure'],
  [0x1700, 'CAS write unknown'],
  [0x2000, 'Syntax error'],
  [0x2100, 'Unauthorized'],
  [0x2200, 'Invalid'],
  [0x2300, 'Config error'],
  [0x2400, 'Already exists'],
  [0x2500, 'Unprepared'],
])

/** Undefined where there is none of this number. */
export const errorName = (code: number): string | undefined => ERRORS.get(code)

export const RESULT = { VOID: 1, ROWS: 2, SET_KEYSPACE: 3, PREPARED: 4, SCHEMA_CHANGE: 5 } as const

export const EVENTS: ReadonlySet<string> = new Set(['TOPOLOGY_CHANGE', 'STATUS_CHANGE', 'SCHEMA_CHANGE'])
