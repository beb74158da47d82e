/** The server's packets (https://clickhouse.com/docs/native-protocol/server). */
import { plainBlock } from './block'
import { blocks, textIn } from './client'
import { byte, type Cursor, needs, type Steps, skip, text, varint, wrong } from './cursor'
import * as At from './revisions'
import type { Talk } from './talk'

const HELLO = 0
const DATA = 1
const EXCEPTION = 2
const PROGRESS = 3
const PONG = 4
const END_OF_STREAM = 5
const PROFILE = 6
const TOTALS = 7
const EXTREMES = 8
const LOG = 10
const TABLE_COLUMNS = 11
const UUIDS = 12
const READ_TASK = 13
const PROFILE_EVENTS = 14
const TIMEZONE = 17

const MAX_NAME = 256
const UUID_BYTES = 16
/** Exceptions within each other. */
const MAX_NESTED = 16

export function* serverPackets(cursor: Cursor, talk: Talk): Steps<never> {
  for (;;) {
    const revision = talk.revision ?? At.OLDEST
    const type = yield* varint(cursor)
    switch (type) {
      case HELLO:
        yield* hello(cursor, talk)
        yield 'message'
        break
      case EXCEPTION:
        yield* exception(cursor, talk)
        yield 'message'
        break
      case END_OF_STREAM:
        talk.ends(cursor.timeNs)
        yield 'message'
        break
      case DATA:
      case TOTALS:
      case EXTREMES:
        yield* text(cursor, 0)
        yield* blocks(cursor, talk, 'server', (block) => talk.block(block, type === DATA))
        break
      case LOG:
      case PROFILE_EVENTS:
        yield* text(cursor, 0)
        yield* plainBlock(cursor, revision)
        break
      case PROGRESS:
        yield* progress(cursor, talk, revision)
        break
      case PROFILE:
        yield* profile(cursor, talk)
        break
      case TABLE_COLUMNS:
        yield* text(cursor, 0)
        yield* text(cursor, 0)
        break
      case UUIDS:
        yield* skip(cursor, UUID_BYTES * (yield* varint(cursor)))
        break
      case TIMEZONE:
        yield* text(cursor, 0)
        break
      case PONG:
      case READ_TASK:
        break
      default:
        yield* wrong('not a packet of a server of ClickHouse')
    }
  }
}

function* hello(cursor: Cursor, talk: Talk): Steps<void> {
  yield* text(cursor, MAX_NAME)
  yield* varint(cursor)
  yield* varint(cursor)
  talk.welcomes(yield* varint(cursor), cursor.timeNs)
  const { revision } = talk
  if (revision === undefined) return yield* wrong('the answer to a login that was not seen')
  if (revision >= At.TIMEZONE) yield* text(cursor, 0)
  if (revision >= At.DISPLAY_NAME) yield* text(cursor, 0)
  if (revision >= At.PATCH) yield* varint(cursor)
  if (revision >= At.PASSWORD_RULES) {
    const rules = yield* varint(cursor)
    if (rules > MAX_NAME) yield* wrong('too many rules for passwords')
    for (let i = 0; i < 2 * rules; i++) yield* text(cursor, 0)
  }
  if (revision >= At.SECRET_2) yield* skip(cursor, 8)
}

function* exception(cursor: Cursor, talk: Talk): Steps<void> {
  const { bodyLimit } = talk.settings
  for (let i = 0; i < MAX_NESTED; i++) {
    yield* needs(cursor, 4)
    const code = cursor.u32() | 0
    cursor.at += 4
    const name = textIn(yield* text(cursor, MAX_NAME))
    const message = textIn(yield* text(cursor, bodyLimit))
    yield* text(cursor, 0)
    const isNested = yield* byte(cursor)
    if (i === 0) talk.fails(code, message.startsWith(name) ? message : `${name}: ${message}`, cursor.timeNs)
    if (isNested === 0) return
  }
}

function* progress(cursor: Cursor, talk: Talk, revision: number): Steps<void> {
  const [rows, bytes] = [yield* varint(cursor), yield* varint(cursor)]
  // All rows to read; all bytes; what was written; how long it took.
  yield* varint(cursor)
  if (revision >= At.TOTAL_BYTES) yield* varint(cursor)
  if (revision >= At.WRITE_INFO) {
    yield* varint(cursor)
    yield* varint(cursor)
  }
  if (revision >= At.QUERY_TIME) yield* varint(cursor)
  talk.progress(rows, bytes)
}

function* profile(cursor: Cursor, talk: Talk): Steps<void> {
  const rows = yield* varint(cursor)
  yield* varint(cursor)
  yield* varint(cursor)
  yield* byte(cursor)
  yield* varint(cursor)
  yield* byte(cursor)
  talk.profile(rows)
}
