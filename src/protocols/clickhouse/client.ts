/** The client's packets (https://clickhouse.com/docs/native-protocol/client). */
import { bodyText } from '../lib/body-text'
import { FRAME_HEAD, frame, isFrame, plainBlock } from './block'
import { type Cursor, needs, type Steps, type Text, text, varint, wrong } from './cursor'
import { queryAt } from './query'
import { asHello } from './recognise'
import * as At from './revisions'
import type { Talk } from './talk'

const HELLO = 0
const QUERY = 1
const DATA = 2
const CANCEL = 3
const PING = 4
const KEEP_ALIVE = 6
const SCALAR = 7

const MAX_NAME = 256
export const textIn = ({ bytes, size }: Text): string => bodyText(bytes, size)

export function* clientPackets(cursor: Cursor, talk: Talk): Steps<never> {
  for (;;) {
    yield* needs(cursor, 1)
    const startNs = cursor.nextNs
    switch (cursor.bytes[cursor.at]) {
      case HELLO:
        yield* hello(cursor, talk, startNs)
        yield 'message'
        break
      case QUERY:
        yield* query(cursor, talk, startNs)
        yield 'message'
        break
      case DATA:
      case SCALAR:
        cursor.at++
        yield* text(cursor, 0)
        yield* blocks(cursor, talk, 'client', (block) => talk.sends(block))
        break
      case CANCEL:
      case PING:
      case KEEP_ALIVE:
        cursor.at++
        break
      default:
        yield* wrong('not a packet of a client of ClickHouse')
    }
  }
}

function* hello(cursor: Cursor, talk: Talk, startNs: number): Steps<void> {
  for (;;) {
    const login = asHello(cursor.bytes.subarray(cursor.at, cursor.end))
    if (typeof login === 'object' && login.side === 'client') break
    if (login !== 'need-more') return yield* wrong('not a login of ClickHouse')
    yield 'need-more'
  }
  cursor.at++
  const name = textIn(yield* text(cursor, MAX_NAME))
  const [major, minor, revision] = [yield* varint(cursor), yield* varint(cursor), yield* varint(cursor)]
  const database = textIn(yield* text(cursor, MAX_NAME))
  const user = textIn(yield* text(cursor, MAX_NAME))
  talk.greets(`${name} ${major}.${minor}`, revision, database, user, startNs)
  // The password.
  yield* text(cursor, 0)
}

function* query(cursor: Cursor, talk: Talk, startNs: number): Steps<void> {
  for (;;) {
    const head = queryAt(cursor.bytes, cursor.at, cursor.end, talk.revision)
    if (head === 'no') return yield* wrong('not a query of ClickHouse')
    if (head === 'need-more') {
      yield 'need-more'
      continue
    }
    cursor.at = head.textAt
    const said = textIn(yield* text(cursor, talk.settings.bodyLimit))
    if (head.revision >= At.PARAMETERS) yield* parameters(cursor)
    talk.asks(head, said, startNs)
    return
  }
}

/** As settings. */
function* parameters(cursor: Cursor): Steps<void> {
  for (;;) {
    if ((yield* text(cursor, 0)).size === 0) return
    yield* varint(cursor)
    yield* text(cursor, 0)
  }
}

/** A block, in frames where it is compressed. */
export function* blocks(
  cursor: Cursor,
  talk: Talk,
  side: 'client' | 'server',
  take: (block: Parameters<Talk['sends']>[0]) => void,
): Steps<void> {
  if (!talk.isCompressed(side)) {
    take(yield* plainBlock(cursor, talk.revision ?? At.OLDEST))
    return
  }
  const { decodeBudget } = talk.settings
  let block = yield* frame(cursor, true, decodeBudget)
  take(block)
  while (block.mayGoOn && (yield* goesOn(cursor))) block = yield* frame(cursor, false, decodeBudget)
}

/** Behind a full frame: another one, or a packet, which has a small number where a frame has its checksum. */
function* goesOn(cursor: Cursor): Steps<boolean> {
  yield* needs(cursor, 1)
  for (;;) {
    if (cursor.left >= FRAME_HEAD) {
      // A packet with a compressed block: its number, no name, and a frame.
      const { bytes, at } = cursor
      const isPacket =
        bytes[at]! <= SCALAR &&
        bytes[at + 1] === 0 &&
        cursor.left >= FRAME_HEAD + 2 &&
        isFrame(cursor, at + 2)
      return !isPacket && isFrame(cursor, at)
    }
    // So few bytes are the end of an answer if they end with its sign (EndOfStream).
    if (cursor.bytes[cursor.end - 1] === END_OF_STREAM && cursor.bytes[cursor.at]! < 20) return false
    yield 'need-more'
  }
}
const END_OF_STREAM = 5
