/**
 * What stands before the text of a query (https://clickhouse.com/docs/native-protocol/client), read in one go:
 *
 *     1 id client settings [secret] stage compression
 *     client   = kind:1 user id address [time:8] interface:1 osUser host name major minor revision [quotaKey] [depth] [patch] [trace] [3 varints]
 *     settings = (name flags value)* ''       before revision 54429 (name value)*, where a value is a varint or a string, as its name wants
 *
 * Where the login wasn't seen the revision isn't known: the newest is taken under which all of it makes sense.
 */
import { latin1 } from '../lib/bytes'
import { Cursor } from './cursor'
import * as At from './revisions'

const QUERY = 1
const MAX_HEAD = 64 << 10
const MAX_NAME = 1024
const MAX_SETTINGS = 256
/** Tries of settings whose values may be numbers or strings. */
const MAX_TRIES = 512
const MAX_QUERY = 1 << 28
const ADDRESS = /^(?:\[?[\da-fA-F.:]{2,45}\]?:\d{1,5}|)$/
const SETTING = /^[A-Za-z_][\w.-]*$/
const TCP = 1

export interface QueryHead {
  readonly id: string
  readonly client: string
  readonly revision: number
  readonly isCompressed: boolean
  /** Where the query's text begins, with its length before it. */
  readonly textAt: number
}

/** Thrown and caught within this file, as each of some forty fields may be wrong or not be there yet. */
const NO = 'no'
const MORE = 'need-more'

/** Without control characters, but those between words. */
function isText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at]! < 9 || (bytes[at]! > 13 && bytes[at]! < 32)) return false
  return true
}

class Reader {
  readonly cursor = new Cursor()

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.cursor.bytes = bytes
    this.cursor.at = at
    this.cursor.end = end
  }

  varint(): number {
    const value = this.cursor.varint()
    if (value < 0) throw value === -1 ? MORE : NO
    return value
  }

  pass(bytes: number): void {
    if (this.cursor.left < bytes) throw MORE
    this.cursor.at += bytes
  }

  byte(): number {
    this.pass(1)
    return this.cursor.bytes[this.cursor.at - 1]!
  }

  text(most = MAX_NAME): string {
    const size = this.varint()
    if (size > most) throw NO
    const from = this.cursor.at
    // What is there of it may show that it is none.
    if (!isText(this.cursor.bytes, from, Math.min(from + size, this.cursor.end))) throw NO
    this.pass(size)
    return latin1(this.cursor.bytes, from, from + size)
  }
}

/** The head of the query at `at`. `known`: the revision that both ends agreed on. */
export function queryAt(
  bytes: Uint8Array,
  at: number,
  end: number,
  known: number | undefined,
): QueryHead | 'no' | 'need-more' {
  let needsMore = false
  for (const revision of known === undefined ? At.CANDIDATES : [known]) {
    const head = queryUnder(bytes, at, Math.min(end, at + MAX_HEAD), revision)
    if (typeof head === 'object') return head
    needsMore ||= head === 'need-more'
  }
  return needsMore && end - at < MAX_HEAD ? 'need-more' : 'no'
}

function queryUnder(
  bytes: Uint8Array,
  at: number,
  end: number,
  revision: number,
): QueryHead | 'no' | 'need-more' {
  const reader = new Reader(bytes, at, end)
  try {
    return read(reader, revision)
  } catch (error) {
    if (error === MORE || error === NO) return error
    throw error
  }
}

function read(reader: Reader, most: number): QueryHead {
  if (reader.byte() !== QUERY) throw NO
  const id = reader.text()
  const { client, revision } = clientIn(reader, most)
  const tail =
    revision < At.SETTINGS_AS_TEXT
      ? oldSettings(reader, revision, { left: MAX_TRIES }, 0)
      : newSettings(reader, revision)
  return { id, client, revision, ...tail }
}

/** The revision in use is no newer than the client's. */
function clientIn(reader: Reader, most: number) {
  if (reader.byte() > 2) throw NO
  reader.text()
  reader.text()
  if (!ADDRESS.test(reader.text())) throw NO
  if (most >= At.START_TIME) reader.pass(8)
  // Of who asked by HTTP one server tells another otherwise.
  if (reader.byte() !== TCP) throw NO
  reader.text()
  reader.text()
  const name = reader.text()
  const [major, minor, clientRevision] = [reader.varint(), reader.varint(), reader.varint()]
  if (major > 9999 || minor > 9999 || clientRevision < At.OLDEST || clientRevision > 99_999) throw NO
  const revision = Math.min(most, clientRevision)
  if (most >= At.START_TIME && revision < At.START_TIME) throw NO
  if (revision >= At.QUOTA_KEY) reader.text()
  if (revision >= At.DEPTH) reader.varint()
  const patch = revision >= At.PATCH ? `.${reader.varint()}` : ''
  if (revision >= At.OPENTELEMETRY) trace(reader)
  if (revision >= At.PARALLEL_REPLICAS) for (let i = 0; i < 3; i++) if (reader.varint() > 9999) throw NO
  return { client: `${name} ${major}.${minor}${patch}`, revision }
}

function trace(reader: Reader): void {
  const has = reader.byte()
  if (has > 1) throw NO
  if (has === 0) return
  reader.pass(24)
  reader.text()
  reader.pass(1)
}

interface Tail {
  readonly isCompressed: boolean
  readonly textAt: number
}

function newSettings(reader: Reader, revision: number): Tail {
  for (let i = 0; ; i++) {
    const name = reader.text()
    if (name === '') return tailOf(reader, revision)
    if (i > MAX_SETTINGS || !SETTING.test(name)) throw NO
    if (reader.varint() > 255) throw NO
    reader.text(MAX_HEAD)
  }
}

/** A value is a number or a string: that under which all that follows makes sense. */
function oldSettings(reader: Reader, revision: number, tries: { left: number }, depth: number): Tail {
  const name = reader.text()
  if (name === '') return tailOf(reader, revision)
  if (depth > MAX_SETTINGS || tries.left-- <= 0 || !SETTING.test(name)) throw NO
  const from = reader.cursor.at
  try {
    reader.varint()
    return oldSettings(reader, revision, tries, depth + 1)
  } catch (error) {
    if (error !== NO) throw error
    reader.cursor.at = from
    reader.text(MAX_HEAD)
    return oldSettings(reader, revision, tries, depth + 1)
  }
}

const COMPLETE = 2

function tailOf(reader: Reader, revision: number): Tail {
  if (revision >= At.SECRET) reader.text()
  const [stage, compression] = [reader.varint(), reader.varint()]
  if (stage > COMPLETE || compression > 1) throw NO
  const textAt = reader.cursor.at
  const size = reader.varint()
  if (size === 0 || size > MAX_QUERY) throw NO
  const { bytes, at, end } = reader.cursor
  if (!isText(bytes, at, Math.min(end, at + size, at + 64))) throw NO
  return { isCompressed: compression === 1, textAt }
}
