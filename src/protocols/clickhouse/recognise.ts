/**
 * Which bytes are ClickHouse's native protocol. A client begins with a Hello: 0, its name, version and revision, database, user and password. On a
 * connection older than Nixie it is a query with all that stands before its text.
 */
import { latin1 } from '../lib/bytes'
import type { Head, Recognition } from '../protocol'
import { Cursor } from './cursor'
import { CLICKHOUSE } from './identity'
import { queryAt } from './query'
import { OLDEST } from './revisions'

const CLIENT: Recognition = { side: 'client', sure: true }
const SERVER: Recognition = { side: 'server', sure: true }
/** As servers call themselves; clients have more words, or others. */
const SERVER_NAME = CLICKHOUSE.label
const MAX_NAME = 256
const MAX_REVISION = 60_000
const MAX_VERSION = 9999

export function recognise({ bytes }: Head): Recognition {
  if (bytes.length === 0) return 'need-more'
  if (bytes[0] === 0) return asHello(bytes)
  if (bytes[0] !== 1) return 'no'
  const query = queryAt(bytes, 0, bytes.length, undefined)
  return typeof query === 'object' ? CLIENT : query
}

/** A Hello begins `bytes`: a login, or the server's answer to one. */
export function asHello(bytes: Uint8Array): Recognition {
  const cursor = new Cursor()
  cursor.bytes = bytes
  cursor.at = 1
  cursor.end = bytes.length
  const name = textOf(cursor)
  if (name === 'no' || name === 'need-more') return name
  for (const most of [MAX_VERSION, MAX_VERSION, MAX_REVISION]) {
    const number = cursor.varint()
    if (number === -1) return 'need-more'
    if (number < 0 || number > most) return 'no'
    if (most === MAX_REVISION && number < OLDEST) return 'no'
  }
  if (latin1(bytes, 2, 2 + bytes[1]!) === SERVER_NAME) return SERVER
  // Database, user and password: the two may be empty, and the last one is no text that is looked at.
  for (let i = 0; i < 2; i++) {
    const said = textOf(cursor, 0)
    if (said === 'no' || said === 'need-more') return said
  }
  return cursor.left > 0 ? CLIENT : 'need-more'
}

/** 'yes': a text of visible letters. */
function textOf(cursor: Cursor, least = 3): 'yes' | 'no' | 'need-more' {
  const size = cursor.varint()
  if (size === -1) return 'need-more'
  if (size < least || size > MAX_NAME) return 'no'
  const there = latin1(cursor.bytes, cursor.at, Math.min(cursor.end, cursor.at + size))
  if (!/^[\x20-\x7e\x80-\xff]*$/.test(there)) return 'no'
  if (cursor.left < size) return 'need-more'
  cursor.at += size
  return 'yes'
}
