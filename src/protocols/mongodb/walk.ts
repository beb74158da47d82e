/**
 * Finds what counts in a message while its bytes go by, however many these are: the command, how many documents go either way, what
 * came of it. Values are passed over by their lengths; nothing is kept but numbers and short texts.
 */
import { latin1, utf8 } from '../lib/bytes'
import * as Bson from './bson'
import { type Found, mayCount, newFound, type Room, take } from './found'
import { areFlags, CHECKSUM, HEAD_BYTES, i32, OP_MSG, OP_QUERY, OP_REPLY } from './message'

/** Bytes of a name, and of a text that is kept, at most. */
const MAX_NAME = 1024
export const MAX_TEXT = 1024
const MAX_NAMESPACE = 256
/** Bytes of a value that are waited for. */
const MAX_WAITED = 4096

const BODY = 0
const SEQUENCE = 1

/** A document, or a section, that isn't at its end. */
interface Place {
  readonly room: Room
  /** The offset of its end within the message. */
  readonly end: number
}

export class Walk {
  readonly found: Found = newFound()
  flags = 0
  /** Something that would have counted was lost. */
  isLost = false
  /** Lengths contradict each other: this is no message. */
  isWrong = false
  readonly #opcode: number
  readonly #length: number
  readonly #isAnswer: boolean
  readonly #places: Place[] = []
  /** The offset within the message of what comes next. */
  #at = HEAD_BYTES
  #isBegun = false

  /** Of a message of `length` bytes, whose head has been read. */
  constructor(opcode: number, length: number, isAnswer: boolean) {
    this.#opcode = opcode
    this.#length = length
    this.#isAnswer = isAnswer
  }

  /** How many bytes from the offset `at` on aren't looked at. */
  passes(at: number): number {
    return Math.max(0, this.#at - at)
  }

  /** So many bytes were lost at the offset `at`. What is around them is passed over, up to the end of the innermost whole part. */
  lose(at: number, bytes: number): void {
    const behind = at + bytes
    if (behind <= this.#at) return
    this.isLost = true
    if (!this.#isBegun) this.#skipTo(this.#length)
    while ((this.#places.at(-1)?.end ?? this.#length) < behind) this.#places.pop()
    this.#skipTo(this.#places.pop()?.end ?? this.#length)
  }

  /** Reads from `bytes[pos]` on, which is at the offset `at` of the message; what is left by its own account begins at `passes`. */
  read(bytes: Uint8Array, pos: number, at: number, end: number): void {
    const base = pos - at
    const have = Math.min(end - base, this.#length)
    while (this.#at < have && this.#step(bytes, base, have));
  }

  /** False: more bytes are needed. */
  #step(bytes: Uint8Array, base: number, have: number): boolean {
    if (!this.#isBegun) return this.#begins(bytes, base, have)
    const place = this.#places.at(-1)
    if (!place) return this.#section(bytes, base, have)
    if (this.#at >= place.end) {
      this.#places.pop()
      return true
    }
    return place.room === 'documents' || place.room === 'others'
      ? this.#document(bytes, base, have, place)
      : this.#element(bytes, base, have, place)
  }

  // ── Parts of messages ──────────────────────────────────────────────────────

  #begins(bytes: Uint8Array, base: number, have: number): boolean {
    const at = base + this.#at
    if (this.#opcode === OP_MSG) {
      if (have < this.#at + 4) return this.#waits(have, this.#length)
      this.flags = i32(bytes, at)
      if (!areFlags(this.flags)) return this.#fails()
      this.#at += 4
      this.#isBegun = true
      return true
    }
    if (this.#opcode === OP_QUERY) return this.#query(bytes, base, have)
    if (this.#opcode === OP_REPLY) {
      if (have < this.#at + 20) return this.#waits(have, this.#length)
      this.found.replied = i32(bytes, at + 16)
      this.#at += 20
      if (this.found.replied === 0) this.#skipTo(this.#length)
      this.#isBegun = true
      return true
    }
    this.#skipTo(this.#length)
    return true
  }

  /** The collection of an OP_QUERY: `$cmd` for a command. */
  #query(bytes: Uint8Array, base: number, have: number): boolean {
    const from = this.#at + 4
    const nul = bytes.indexOf(0, base + from) - base
    if (nul < from || nul + 9 > have || nul - from > MAX_NAMESPACE)
      return have - from > MAX_NAMESPACE ? this.#fails() : this.#waits(have, this.#length)
    const name = utf8(bytes, base + from, base + nul)
    const dot = name.indexOf('.')
    this.found.database = dot < 0 ? name : name.slice(0, dot)
    const collection = dot < 0 ? '' : name.slice(dot + 1)
    if (collection !== '$cmd') {
      this.found.command = 'find'
      this.found.collection = collection
      this.found.isQuery = true
    }
    this.#at = nul + 9
    this.#isBegun = true
    return true
  }

  #section(bytes: Uint8Array, base: number, have: number): boolean {
    if (this.#opcode !== OP_MSG) return this.#body(bytes, base, have, this.#at, this.#length)
    const end = this.#length - (this.flags & CHECKSUM ? 4 : 0)
    if (this.#at >= end) {
      this.#skipTo(this.#length)
      return true
    }
    const kind = bytes[base + this.#at]!
    if (kind === BODY) return this.#body(bytes, base, have, this.#at + 1, end)
    return kind === SEQUENCE ? this.#sequence(bytes, base, have, end) : this.#fails()
  }

  /** A document that is the body of a command or of an answer; behind one of an old message nothing counts. */
  #body(bytes: Uint8Array, base: number, have: number, at: number, end: number): boolean {
    if (at + 4 > have) return this.#waits(have, end)
    const size = i32(bytes, base + at)
    if (size < Bson.LEAST_DOCUMENT || at + size > end) return this.#fails()
    if (this.#opcode !== OP_MSG) this.#places.push({ room: 'others', end: this.#length })
    const isCommand = !this.#isAnswer && !this.found.isQuery
    this.#enter(this.#isAnswer ? 'answer' : isCommand ? 'command' : 'nothing', at, at + size)
    return true
  }

  #sequence(bytes: Uint8Array, base: number, have: number, end: number): boolean {
    const name = this.#at + 5
    const nul = have > name ? bytes.indexOf(0, base + name) - base : -1
    const isThere = nul >= name && nul < have
    if (!isThere) return have - name > MAX_NAME ? this.#fails() : this.#waits(have, end)
    const last = this.#at + 1 + i32(bytes, base + this.#at + 1)
    if (last <= nul || last > end) return this.#fails()
    const counts = SENT.has(latin1(bytes, base + name, base + nul))
    this.#places.push({ room: counts ? 'documents' : 'others', end: last })
    this.#at = nul + 1
    return true
  }

  /** One of several documents in a row. */
  #document(bytes: Uint8Array, base: number, have: number, place: Place): boolean {
    if (place.room === 'others') {
      this.#at = place.end
      return true
    }
    if (this.#at + 4 > have) return this.#waits(have, place.end)
    const size = i32(bytes, base + this.#at)
    if (size < Bson.LEAST_DOCUMENT || this.#at + size > place.end) return this.#fails()
    this.found.documents++
    this.#at += size
    return true
  }

  // ── Elements of documents ──────────────────────────────────────────────────

  #element(bytes: Uint8Array, base: number, have: number, place: Place): boolean {
    const type = bytes[base + this.#at]!
    if (type === 0) {
      if (this.#at !== place.end - 1) return this.#fails()
      this.#at++
      return true
    }
    const most = Math.min(have, place.end - 1)
    const from = this.#at + 1
    const nul = bytes.indexOf(0, base + from) - base
    if (nul < from || nul >= most)
      return most - from > MAX_NAME ? this.#fails() : this.#waits(have, place.end - 1)
    const at = nul + 1
    const size = Bson.valueBytes(type, bytes, base + at, base + most)
    if (size === -1) return this.#waits(have, place.end - 1)
    if (size < 0 || at + size > place.end - 1) return this.#fails()
    if (place.room === 'counted') {
      this.found.documents++
      this.#at = at + size
      return true
    }
    if (place.room === 'nothing' || !mayCount(this.found, place.room, bytes[base + from]!)) {
      this.#at = at + size
      return true
    }
    // A text counts by its beginning.
    const needed = Bson.isDocument(type) ? 4 : Math.min(size, 4 + MAX_TEXT)
    if (at + needed > most) return this.#waits(have, place.end - 1)
    const name = latin1(bytes, base + from, base + nul)
    const next = take(this.found, place.room, name, { type, bytes, at: base + at, size })
    if (next) this.#enter(next, at, at + size)
    else this.#at = at + size
    return true
  }

  #enter(room: Room, at: number, end: number): void {
    this.#places.push({ room, end })
    this.#at = at + 4
  }

  #skipTo(offset: number): void {
    if (offset >= this.#length) this.#places.length = 0
    this.#at = Math.max(this.#at, offset)
    if (offset >= this.#length) this.#isBegun = true
  }

  /** More bytes are needed. Where none come before `end`, or too many, that is no message. */
  #waits(have: number, end: number): false {
    if (have >= end || have - this.#at > MAX_WAITED) this.#fails()
    return false
  }

  #fails(): false {
    this.isWrong = true
    this.#skipTo(this.#length)
    return false
  }
}

/** Sections whose documents are those of the command. */
const SENT: ReadonlySet<string> = new Set(['documents', 'updates', 'deletes', 'ops'])
