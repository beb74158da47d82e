/** Numbers of the protocol that parsers need by name (MySQL: "Capabilities Flags", "Command Phase"; MariaDB: "Connection"). */

export const CONNECT_WITH_DB = 1 << 3
export const COMPRESS = 1 << 5
export const PROTOCOL_41 = 1 << 9
export const SSL = 1 << 11
export const SECURE_CONNECTION = 1 << 15
export const PLUGIN_AUTH = 1 << 19
export const CONNECT_ATTRS = 1 << 20
export const PLUGIN_AUTH_LENENC = 1 << 21
export const SESSION_TRACK = 1 << 23
export const DEPRECATE_EOF = 1 << 24
export const OPTIONAL_METADATA = 1 << 25
export const ZSTD = 1 << 26
export const QUERY_ATTRIBUTES = 1 << 27

/** Flags of the server's status. */
export const MORE_RESULTS = 0x0008
export const CURSOR_EXISTS = 0x0040
export const SESSION_CHANGED = 0x4000

export const COM = {
  SLEEP: 0,
  QUIT: 1,
  INIT_DB: 2,
  QUERY: 3,
  FIELD_LIST: 4,
  CREATE_DB: 5,
  DROP_DB: 6,
  REFRESH: 7,
  SHUTDOWN: 8,
  STATISTICS: 9,
  PROCESS_INFO: 10,
  CONNECT: 11,
  PROCESS_KILL: 12,
  DEBUG: 13,
  PING: 14,
  CHANGE_USER: 17,
  BINLOG_DUMP: 18,
  TABLE_DUMP: 19,
  REGISTER_SLAVE: 21,
  PREPARE: 22,
  EXECUTE: 23,
  LONG_DATA: 24,
  CLOSE: 25,
  RESET: 26,
  SET_OPTION: 27,
  FETCH: 28,
  BINLOG_DUMP_GTID: 30,
  RESET_CONNECTION: 31,
  CLONE: 32,
  /** MariaDB's. */
  BULK_EXECUTE: 0xfa,
} as const

/** Commands that have no answer. */
export const isOneWay = (command: number): boolean =>
  command === COM.QUIT || command === COM.LONG_DATA || command === COM.CLOSE

/** Commands behind which the server sends events of its log for as long as the connection lasts. */
export const isDump = (command: number): boolean =>
  command === COM.BINLOG_DUMP || command === COM.BINLOG_DUMP_GTID || command === COM.TABLE_DUMP

/** The lengths that a command's packet may have, least and most; undefined: there is no such command for clients. */
export function lengthsOf(command: number): readonly [number, number] | undefined {
  return LENGTHS.get(command)
}

const ANY = Number.POSITIVE_INFINITY
const LENGTHS: ReadonlyMap<number, readonly [number, number]> = new Map<number, readonly [number, number]>([
  [COM.QUIT, [1, 1]],
  [COM.INIT_DB, [1, 1024]],
  [COM.QUERY, [1, ANY]],
  [COM.FIELD_LIST, [2, 4096]],
  [COM.CREATE_DB, [2, 1024]],
  [COM.DROP_DB, [2, 1024]],
  [COM.REFRESH, [2, 5]],
  [COM.SHUTDOWN, [1, 5]],
  [COM.STATISTICS, [1, 1]],
  [COM.PROCESS_INFO, [1, 1]],
  [COM.PROCESS_KILL, [5, 5]],
  [COM.DEBUG, [1, 1]],
  [COM.PING, [1, 1]],
  [COM.CHANGE_USER, [3, 1 << 17]],
  [COM.BINLOG_DUMP, [11, 4096]],
  [COM.TABLE_DUMP, [3, 4096]],
  [COM.REGISTER_SLAVE, [18, 1024]],
  [COM.PREPARE, [1, ANY]],
  [COM.EXECUTE, [10, ANY]],
  [COM.LONG_DATA, [7, ANY]],
  [COM.CLOSE, [5, 5]],
  [COM.RESET, [5, 5]],
  [COM.SET_OPTION, [3, 3]],
  [COM.FETCH, [9, 9]],
  [COM.BINLOG_DUMP_GTID, [19, 1 << 20]],
  [COM.RESET_CONNECTION, [1, 1]],
  [COM.CLONE, [1, 4096]],
  [COM.BULK_EXECUTE, [7, ANY]],
])
