/**
 * Reads a message by its plan and writes it as JSON, field by field as the bytes come. It holds no bytes, only the text so far, which
 * is bounded. What records hold is passed over, and so are the values of `bytes`.
 *
 * A message fits its plan if it has the plan's fields, to its last byte.
 */
import { wholeCharacters } from '../lib/body-text'
import { utf8 } from '../lib/bytes'
import { REDACTED } from '../lib/redact'
import type { Skip } from '../protocol'
import { Frame, NOT_READ } from './frame'
import { JsonText } from './json-text'
import { i16, i32, numberText, SIZES, Varint } from './numbers'
import { RecordSet } from './records'
import type { Op, Plan } from './schema'
import { isSecretSetting, SECRET_FIELDS, safeText } from './secrets'
import { NO_TOPIC, type Topics } from './topics'

/** 'wrong': the message doesn't fit. */
export type Progress = 'whole' | 'need-more' | 'wrong' | Skip
type Step = 'ok' | 'need-more' | 'wrong'

export interface Message {
  readonly plan: Plan
  /** Bytes that it has. */
  readonly size: number
  /** Tagged fields of the head come first. */
  readonly hasTags: boolean
  /** It tells which topic has which id. */
  readonly tellsTopics: boolean
}

export interface Showing {
  /** Characters that are shown, about. */
  readonly limit: number
  readonly redact: boolean
  readonly topics: Topics
}

/** Bytes of a string that are read. */
const MAX_STRING = 2048
/** Bytes of a count at most. */
const MAX_VARINT = 5
/** Can stand in JSON as it is. */
const PLAIN = /^[\w.:/ @=-]*$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: a name has none
const CONTROL = /[\x00-\x1f\x7f]/
const opOf = (name: string): Op => ({
  name,
  key: `"${name}":`,
  kind: 's',
  isNullable: false,
  note: undefined,
  element: undefined,
  plan: undefined,
})
const NAME = opOf('name')
const MESSAGE_SET = opOf('message_set')
const HEADER: Plan = { fields: [], isFlexible: true, tagged: new Map(), hasName: false }

/** A count that is none. */
const NULL = -1
const SHORT = -2
const WRONG = -3

export class Decoder {
  readonly #showing: Showing
  readonly #json: JsonText
  readonly #frames: Frame[] = []
  readonly #varint = new Varint()
  #depth = -1
  #bytes: Uint8Array = new Uint8Array(0)
  #pos = 0
  #end = 0
  /** Bytes of the message from `#pos` on. */
  #left = 0
  /** How many of them are passed over next. */
  #skip = 0
  #records: RecordSet | undefined
  #tellsTopics = false
  #isFlexible = false
  /** Behind the last length or count. */
  #behind = 0
  /** The first code of an error. */
  error = 0
  acks: number | undefined
  /** It names a topic by an id that isn't known. */
  lacksNames = false

  constructor(showing: Showing) {
    this.#showing = showing
    this.#json = new JsonText(showing.limit)
  }

  begin({ plan, size, hasTags, tellsTopics }: Message): void {
    this.#left = size
    this.#skip = 0
    this.#records = undefined
    this.#tellsTopics = tellsTopics
    this.#isFlexible = plan.isFlexible
    this.error = 0
    this.acks = undefined
    this.lacksNames = false
    this.#json.begin()
    this.#depth = -1
    this.#push().asStruct(plan, false)
    if (hasTags) this.#push().asStruct(HEADER, true)
  }

  get left(): number {
    return this.#left
  }

  get held(): number {
    return this.#json.length
  }

  /** Where reading stopped. */
  get pos(): number {
    return this.#pos
  }

  /** The message so far, as a JSON object. */
  get text(): string {
    const frame = this.#frames[this.#depth]
    const records =
      this.#records && frame ? `${frame.isFirst ? '' : ','}"message_set":${this.#records.text}` : ''
    return this.#json.closed(this.#frames, this.#depth, records)
  }

  /** Takes a hole within the message. False when it lies among what is shown: then nothing behind it can be read. */
  pass(bytes: number): boolean {
    const isWithin = this.#records !== undefined && bytes <= this.#records.left
    if (isWithin) this.#records!.pass(bytes)
    this.#left -= bytes
    return isWithin
  }

  read(bytes: Uint8Array, pos: number, end: number): Progress {
    this.#bytes = bytes
    this.#pos = pos
    this.#end = end
    while (true) {
      if (this.#skip > 0) {
        const skip = this.#passOver()
        if (skip > 0) return { skip }
      }
      if (this.#records) {
        const progress = this.#inRecords(this.#records)
        if (progress !== 'ok') return progress
      } else {
        if (this.#depth < 0) return this.#left === 0 ? 'whole' : 'wrong'
        const step = this.#step(this.#frames[this.#depth]!)
        if (step !== 'ok') return step
      }
    }
  }

  // ── Structs and arrays ─────────────────────────────────────────────────────

  #step(frame: Frame): Step {
    if (frame.element) return this.#ofArray(frame, frame.element)
    const plan = frame.plan!
    if (frame.at < plan.fields.length) {
      const step = this.#value(frame, plan.fields[frame.at]!)
      if (step === 'ok') frame.at++
      return step
    }
    if (frame.tagged) {
      const step = this.#value(frame, frame.tagged)
      if (step === 'ok') frame.tagged = undefined
      return step
    }
    if (plan.isFlexible && frame.left === NOT_READ) return this.#tagCount(frame)
    if (frame.left > 0) return this.#tag(frame, plan)
    this.#endStruct(frame)
    return 'ok'
  }

  #ofArray(frame: Frame, element: Op): Step {
    if (frame.left === 0) {
      this.#pop(frame)
      return 'ok'
    }
    this.#json.mayMute(this.#depth, frame.left)
    // A struct is another frame, which ends later.
    frame.left--
    const step = this.#value(frame, element)
    if (step !== 'ok') frame.left++
    return step
  }

  #tagCount(frame: Frame): Step {
    const varint = this.#varints()
    const count = varint.unsigned()
    if (varint.isShort) return this.#short(MAX_VARINT)
    this.#take(varint.next - this.#pos)
    frame.left = count
    return count > this.#left ? 'wrong' : 'ok'
  }

  /** tag:varint size:varint, and the field. */
  #tag(frame: Frame, plan: Plan): Step {
    const varint = this.#varints()
    const tag = varint.unsigned()
    const size = varint.unsigned()
    if (varint.isShort) return this.#short(2 * MAX_VARINT)
    const taken = varint.next - this.#pos
    if (size > this.#left - taken) return 'wrong'
    this.#take(taken)
    frame.left--
    frame.tagged = plan.tagged.get(tag)
    if (!frame.tagged) this.#skip = size
    return 'ok'
  }

  #endStruct(frame: Frame): void {
    const { topic, topicId } = frame
    if (topic !== '' && topicId !== '' && this.#tellsTopics) this.#showing.topics.learn(topicId, topic)
    this.#pop(frame)
  }

  #pop(frame: Frame): void {
    this.#json.close(frame, this.#depth)
    this.#depth--
  }

  #push(): Frame {
    this.#depth++
    const frame = this.#frames[this.#depth] ?? new Frame()
    this.#frames[this.#depth] = frame
    return frame
  }

  // ── Values ─────────────────────────────────────────────────────────────────

  #value(frame: Frame, op: Op): Step {
    switch (op.kind) {
      case 'array':
        return this.#array(frame, op)
      case 'struct':
        return this.#struct(frame, op)
      case 's':
        return this.#string(frame, op)
      case 'y':
        return this.#hidden(frame, op)
      case 'r':
        return this.#set(frame, op)
      case 'id':
        return this.#uuid(frame, op)
      default:
        return this.#number(frame, op, op.kind)
    }
  }

  #number(frame: Frame, op: Op, kind: keyof typeof SIZES): Step {
    const size = SIZES[kind]
    if (size > this.#left) return 'wrong'
    if (size > this.#end - this.#pos) return 'need-more'
    const text = numberText(this.#bytes, this.#pos, kind)
    if (text === '') return 'wrong'
    if (op.note === 'error') this.error ||= Number(text)
    if (op.note === 'acks') {
      this.acks = Number(text)
      if (Math.abs(this.acks) > 1) return 'wrong'
    }
    this.#json.value(frame, op, text)
    this.#take(size)
    return 'ok'
  }

  #uuid(frame: Frame, op: Op): Step {
    if (this.#left < 16) return 'wrong'
    if (this.#end - this.#pos < 16) return 'need-more'
    const id = Buffer.from(this.#bytes.subarray(this.#pos, this.#pos + 16)).toString('base64url')
    if (op.note === 'topic' && id !== NO_TOPIC) {
      frame.topicId = id
      if (frame.plan?.hasName === false) this.#json.value(frame, NAME, JSON.stringify(this.#nameOf(id)))
    }
    this.#json.value(frame, op, `"${id}"`)
    this.#take(16)
    return 'ok'
  }

  #nameOf(id: string): string {
    const name = this.#showing.topics.nameOf(id)
    if (name === undefined) this.lacksNames = true
    return name ?? `<unknown topic ${id}>`
  }

  #string(frame: Frame, op: Op): Step {
    const size = this.#length(2)
    if (size < 0) return this.#nothing(frame, op, size)
    const from = this.#behind
    const kept = Math.min(size, MAX_STRING)
    if (from + kept > this.#end) return 'need-more'
    const isCut = kept < size
    const to = isCut ? from + wholeCharacters(this.#bytes.subarray(from, from + kept)) : from + kept
    const text = utf8(this.#bytes, from, to)
    if (op.note === 'name') {
      if (CONTROL.test(text)) return 'wrong'
      frame.topic = text
      frame.isSecret = isSecretSetting(text)
    }
    if (!this.#json.isMuted) this.#json.value(frame, op, this.#shown(frame, op, isCut ? `${text}…` : text))
    this.#take(from + kept - this.#pos)
    this.#skip = size - kept
    return 'ok'
  }

  #shown(frame: Frame, op: Op, text: string): string {
    if (!this.#showing.redact) return quoted(text)
    const isSecret = (op.note === 'value' && frame.isSecret) || SECRET_FIELDS.has(op.name)
    return quoted(isSecret ? REDACTED : safeText(text))
  }

  /** Of `bytes` only the size is shown. */
  #hidden(frame: Frame, op: Op): Step {
    const size = this.#length(4)
    if (size < 0) return this.#nothing(frame, op, size)
    this.#json.value(frame, op, SECRET_FIELDS.has(op.name) ? quoted(REDACTED) : `"<${size} bytes>"`)
    this.#take(this.#behind - this.#pos)
    this.#skip = size
    return 'ok'
  }

  #array(frame: Frame, op: Op): Step {
    const count = this.#length(4)
    if (count < 0) return this.#nothing(frame, op, count)
    this.#take(this.#behind - this.#pos)
    this.#json.value(frame, op, '[')
    this.#push().asArray(op.element!, count)
    return 'ok'
  }

  #struct(frame: Frame, op: Op): Step {
    if (op.isNullable) {
      if (this.#left < 1) return 'wrong'
      if (this.#pos >= this.#end) return 'need-more'
      const isThere = this.#bytes[this.#pos]! < 0x80
      this.#take(1)
      if (!isThere) {
        this.#json.value(frame, op, 'null')
        return 'ok'
      }
    }
    this.#json.value(frame, op, '{')
    this.#push().asStruct(op.plan!, false)
    return 'ok'
  }

  #nothing(frame: Frame, op: Op, size: number): Step {
    if (size === SHORT) return 'need-more'
    if (size === WRONG || !op.isNullable) return 'wrong'
    this.#json.value(frame, op, 'null')
    this.#take(this.#behind - this.#pos)
    return 'ok'
  }

  // ── Records ────────────────────────────────────────────────────────────────

  #set(frame: Frame, op: Op): Step {
    const size = this.#length(4)
    if (size < 0) return this.#nothing(frame, op, size)
    this.#take(this.#behind - this.#pos)
    this.#records = new RecordSet(size)
    return 'ok'
  }

  #inRecords(records: RecordSet): Progress | 'ok' {
    if (records.left === 0) {
      this.#records = undefined
      this.#json.value(this.#frames[this.#depth]!, MESSAGE_SET, records.text)
      return 'ok'
    }
    const passed = this.#json.isMuted ? records.rest() : records.next(this.#bytes, this.#pos, this.#end)
    if (records.isWrong) return 'wrong'
    if (passed === 0) return 'need-more'
    this.#skip = passed
    return 'ok'
  }

  // ── Bytes ──────────────────────────────────────────────────────────────────

  /** A length or a count, which can't be more than the bytes that are left; NULL, SHORT or WRONG. `size`: its bytes where it isn't compact. */
  #length(size: 2 | 4): number {
    const length = this.#isFlexible ? this.#compact() : this.#fixed(size)
    if (length < 0) return length
    return length > this.#left - (this.#behind - this.#pos) ? WRONG : length
  }

  #compact(): number {
    const varint = this.#varints()
    const length = varint.unsigned() - 1
    if (varint.isShort) return this.#short(MAX_VARINT) === 'wrong' ? WRONG : SHORT
    this.#behind = varint.next
    return length
  }

  #fixed(size: 2 | 4): number {
    if (size > this.#left) return WRONG
    if (size > this.#end - this.#pos) return SHORT
    this.#behind = this.#pos + size
    const length = size === 4 ? i32(this.#bytes, this.#pos) : i16(this.#bytes, this.#pos)
    return length < NULL ? WRONG : length
  }

  #varints(): Varint {
    return this.#varint.at(this.#bytes, this.#pos, Math.min(this.#end, this.#pos + this.#left))
  }

  /** A number of at most so many bytes isn't there. */
  #short(bytes: number): Step {
    return this.#end - this.#pos < Math.min(bytes, this.#left) ? 'need-more' : 'wrong'
  }

  #take(bytes: number): void {
    this.#pos += bytes
    this.#left -= bytes
  }

  /** Returns how many bytes to pass over aren't there. */
  #passOver(): number {
    const there = Math.min(this.#skip, this.#end - this.#pos)
    const missing = this.#skip - there
    this.#pos += there
    this.#left -= this.#skip
    this.#skip = 0
    return missing
  }
}

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))
